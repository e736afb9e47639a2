"""Rows in a real browser: scrolled by mouse and by key, and cleared of what a shopper does not want."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EDGES = "row => [row.scrollLeft, row.scrollWidth - row.clientWidth].map(Math.round)"


@pytest.fixture
def accepted(page):
    """A page of somebody who has said yes, and looked at two products."""
    page.goto("/basket/")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_load_state()
    page.goto("/")
    products = page.locator("main a[href^='/product']").evaluate_all("all => all.map((each) => each.pathname)")
    for path in products[:2]:
        page.goto(path)
    page.goto("/")
    return page


def keys(row):
    return row.locator("a[href^='/product']").evaluate_all("all => all.map((each) => each.pathname)")


def test_a_row_is_scrolled_by_its_buttons_which_say_when_it_ends(page):
    page.set_viewport_size({"width": 700, "height": 800})
    page.goto("/")
    region = page.get_by_role("region", name="Best sellers")
    row = region.get_by_role("list")
    back, on = region.get_by_role("button", name="Scroll back"), region.get_by_role("button", name="Scroll on")
    assert back.get_attribute("aria-disabled") == "true"
    assert row.evaluate(EDGES)[1] > 0
    while on.get_attribute("aria-disabled") == "false":
        on.click()
        page.wait_for_timeout(500)
    at, end = row.evaluate(EDGES)
    assert abs(at - end) <= 2
    assert (back.get_attribute("aria-disabled"), on.get_attribute("aria-disabled")) == ("false", "true")
    assert on.evaluate("each => each === document.activeElement")


def test_a_row_that_fits_has_no_buttons(page):
    page.set_viewport_size({"width": 4000, "height": 800})
    page.goto("/")
    page.locator(".pz-scrolls").first.wait_for(state="attached")
    wide = page.locator(".product-row[data-pz-on]").evaluate_all(
        "all => all.map((row) => [row.scrollWidth - row.clientWidth > 1, !row.previousElementSibling.hidden])"
    )
    assert wide
    assert all(overflows == shown for overflows, shown in wide)


def test_every_card_is_reached_by_key_and_scrolls_into_view(page):
    page.set_viewport_size({"width": 700, "height": 800})
    page.goto("/")
    row = page.get_by_role("region", name="Best sellers").get_by_role("list")
    links = row.locator("a")
    links.first.focus()
    for _ in range(links.count() - 1):
        page.keyboard.press("Tab")
    assert links.last.evaluate("each => each === document.activeElement")
    page.wait_for_timeout(300)
    box, frame = links.last.bounding_box(), row.bounding_box()
    assert frame["x"] - 1 <= box["x"]
    assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1


def test_whoever_may_not_be_recorded_has_no_menu(page):
    page.goto("/")
    page.locator(".pz-scrolls").first.wait_for(state="attached")
    assert page.locator(".pz-menu, template[data-pz-menu]").count() == 0


def test_what_is_not_wanted_is_gone_at_once_and_on_the_next_page(accepted, served):
    page = accepted
    row = page.locator("[data-pz-placement=personal-home]")
    first = row.locator("[data-pz-slot]").first
    gone = first.locator("a").first.evaluate("each => each.pathname")
    name = " ".join((first.locator("a").first.text_content() or "").split())
    opener = first.locator("summary")
    assert opener.get_attribute("aria-label").endswith(f" {name}")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert not first.locator("details").evaluate("each => each.open")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    with page.expect_response(lambda response: response.url.endswith("/personalize/events/")):
        page.keyboard.press("Enter")
    assert page.locator(".pz-gone").inner_text() == "We will not show you this again."
    assert page.locator(".pz-gone").evaluate("each => each === document.activeElement")
    told = served.events(page, "dismiss", "reason", "item_list_id")
    for _ in range(30):
        if told:
            break
        page.wait_for_timeout(200)
        told = served.events(page, "dismiss", "reason", "item_list_id")
    assert told == [("not_interested", "personal-home")]
    page.goto("/")
    assert gone not in keys(page.locator("[data-pz-placement]"))


def test_in_a_page_from_right_to_left_the_row_begins_at_the_right_and_goes_to_the_left(page):
    page.set_viewport_size({"width": 700, "height": 800})
    page.add_init_script(
        "document.addEventListener('readystatechange', () => { document.documentElement.dir = 'rtl'; })"
    )
    page.goto("/")
    region = page.get_by_role("region", name="Best sellers")
    region.get_by_role("button", name="Scroll on").click()
    page.wait_for_timeout(600)
    assert region.get_by_role("list").evaluate("row => row.scrollLeft") < 0


def test_nothing_moves_when_the_script_has_come(page):
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto("/")
    page.locator(".pz-scrolls").first.wait_for(state="attached")
    page.mouse.wheel(0, 3_000)
    page.wait_for_timeout(700)
    assert sum(page.evaluate("shifts")) < 0.01
