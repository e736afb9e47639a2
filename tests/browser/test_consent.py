"""What a browser holds and what the database holds, before a choice, after a no, after a yes."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRAMEWORKS_OWN = {"csrftoken", "sessionid", "cookie_consent"}
PAGES = ("/", "/search/?q=candles")


def product_of(page):
    page.goto("/")
    return page.locator("a[href*='/product']").first.get_attribute("href")


def kept_by(page):
    """The names of the cookies, and how much else the browser stores."""
    stored = page.evaluate(
        "async () => localStorage.length + sessionStorage.length + (await indexedDB.databases()).length"
    )
    return {cookie["name"] for cookie in page.context.cookies()}, stored


def answer(page, label):
    with page.expect_response(lambda response: "/cookies/" in response.url and response.request.method == "POST"):
        page.get_by_role("button", name=label).click()


def test_before_a_choice_nothing_is_kept_anywhere(page, served):
    before = served.counts()
    for path in (*PAGES, product_of(page)):
        page.goto(path)
        cookies, stored = kept_by(page)
        assert cookies <= FRAMEWORKS_OWN
        assert stored == 0
    assert page.get_by_role("button", name="Accept").is_visible()
    assert served.counts() == before


def test_a_no_is_remembered_and_nothing_is_kept(page, served):
    before = served.counts()
    page.goto("/")
    answer(page, "Decline")
    for path in (*PAGES, product_of(page)):
        page.goto(path)
    assert kept_by(page)[0] <= FRAMEWORKS_OWN
    assert not page.get_by_role("button", name="Decline").is_visible()
    assert served.counts() == before


def test_both_answers_are_one_click_and_equally_large(page):
    page.goto("/")
    boxes = [page.get_by_role("button", name=name).bounding_box() for name in ("Accept", "Decline")]
    areas = [box["width"] * box["height"] for box in boxes]
    assert min(areas) / max(areas) > 0.95


def test_a_yes_makes_the_next_page_personal_and_what_is_seen_is_noted(page, served):
    before = served.counts()
    page.goto("/")
    answer(page, "Accept")
    page.goto(product_of(page))
    page.goto("/")
    row = page.locator("[data-pz-decision]").first
    row.scroll_into_view_if_needed()
    page.wait_for_timeout(1_800)
    with page.expect_response(lambda response: response.url.endswith("/personalize/events/"), timeout=15_000) as noted:
        pass
    assert noted.value.status == 204
    after = served.counts()
    assert after["visitors"] == before["visitors"] + 1
    assert after["views"] == before["views"] + 1
    assert after["decisions"] > before["decisions"]
    assert after["impressions"] > before["impressions"]


def test_an_account_that_says_yes_gets_its_own_homepage_and_a_no_takes_it_back(page, served):
    def log_in(name):
        page.goto("/account/log-in/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("pw")
        page.locator("main").get_by_role("button", name="Log in").click()

    before = served.counts()
    page.goto("/")
    answer(page, "Accept")
    log_in("customer-1")  # likes the category of that number: kitchen
    page.goto("/")
    categories = page.locator("[data-pz-placement] h2").all_inner_texts()
    assert categories[1] == "Kitchen"
    assert served.counts()["linked"] > before["linked"]
    page.goto("/cookies/")
    for name in ("personalization", "analytics"):
        page.locator(f"form.cookie-consent-decline:has(input[value={name}]) input[type=submit]").click()
    assert kept_by(page)[0] <= FRAMEWORKS_OWN
    assert served.counts() == before


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_their_width(page, width, screenshots):
    page.set_viewport_size({"width": width, "height": 900})
    for name, path in (("home", "/"), ("product", product_of(page))):
        page.goto(path)
        page.screenshot(path=screenshots / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
