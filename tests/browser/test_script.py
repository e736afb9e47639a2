"""What the script tells of what a shopper sees and does, in a real browser under the shop's strict policy."""

import json
import re
import time

import pytest

from tests.browser.conftest import PERSON, visitor_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ENDPOINT = "/personalize/events/"
HIDE = """hidden => {
    const state = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
COUNT_BEACONS = """
    const send = navigator.sendBeacon.bind(navigator);
    navigator.sendBeacon = (...told) => {
        sessionStorage.beacons = Number(sessionStorage.beacons ?? 0) + 1;
        return send(...told);
    };
"""  # Requests of a page that is being left are not among those that the browser reports.
FOCUS = (
    """focused => { document.hasFocus = () => focused; window.dispatchEvent(new Event(focused ? "focus" : "blur")); }"""
)


def accept(page, path=None):
    """Say yes on a page that shows nothing of ours, then go to `path`; the script's clock is the test's."""
    page.clock.install()
    page.goto("/basket/")
    with page.expect_response(lambda response: "/cookies/" in response.url and response.request.method == "POST"):
        page.get_by_role("button", name="Accept").click()
    page.wait_for_load_state()
    page.clock.pause_at(page.evaluate("Date.now()") / 1_000 + 1)
    if path is not None:
        page.goto(path)


def pass_time(page, milliseconds=5_200):
    """Let so much time pass; by default enough for what waits to be sent. The real network takes its own."""
    page.clock.run_for(milliseconds)
    page.wait_for_timeout(200)


def eventually(read, wanted):
    """Sending takes its time, and what is sent on leaving is answered to nobody."""
    deadline = time.monotonic() + 10
    while (found := read()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == wanted


def heard(page):
    """The requests that the script has made, in a list that grows."""
    requests = []
    page.context.on("request", lambda request: requests.append(request) if request.url.endswith(ENDPOINT) else None)
    return requests


def product_page(page):
    return page.locator("main a[href*='/products/']").first.get_attribute("href")


def key_of(path):
    return re.search(r"/products/(\d+)-", path)[1]


# Before a yes


def visit(page):
    page.goto("/")
    path = product_page(page)
    page.locator(f"a[href='{path}']").first.click()
    page.wait_for_load_state()
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: '1' }] })")
    page.clock.run_for(12_000)
    page.goto("/")
    page.clock.run_for(6_000)


@pytest.mark.parametrize("answer", [None, "Decline"])
def test_without_a_yes_the_script_is_silent(page, answer):
    page.clock.install()
    page.add_init_script(COUNT_BEACONS)
    requests = heard(page)
    page.goto("/")
    if answer:
        page.get_by_role("button", name=answer).click()
        page.wait_for_load_state()
    visit(page)
    assert requests == []
    assert page.evaluate("sessionStorage.beacons") is None


def signal(page):
    """Have this browser say that it does not want to be followed, as one does that is set so."""
    page.context.set_extra_http_headers({"Sec-GPC": "1"})
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")


def test_a_browser_that_asks_not_to_be_followed_is_neither_asked_nor_followed(page):
    signal(page)
    page.clock.install()
    page.add_init_script(COUNT_BEACONS)
    requests = heard(page)
    page.goto("/")
    assert page.get_by_role("button", name="Accept").count() == 0
    visit(page)
    assert requests == []
    assert page.evaluate("sessionStorage.beacons") is None


def test_a_yes_of_its_own_wins_over_what_the_browser_signals(page):
    signal(page)
    page.clock.install()
    requests = heard(page)
    page.goto("/cookies/")
    page.locator("form.cookie-consent-accept:has(input[value=analytics]) input[type=submit]").click()
    page.wait_for_load_state()
    visit(page)
    eventually(lambda: bool(requests), True)


def test_a_yes_and_a_no_by_script_count_from_that_moment_on(cached_page, beacon):
    page = cached_page
    page.clock.install()
    page.goto("/cached/3/")
    page.clock.run_for(20_000)  # attention before the yes is nobody's business
    requests = heard(page)
    send = """async (path) => {
        const status = await (await fetch("/cookies/status/")).json();
        const body = new URLSearchParams({ all_groups: "true" });
        await fetch(status[path], { method: "POST", body, headers: {
            "X-CSRFToken": status.csrftoken, "X-Requested-With": "XMLHttpRequest", "X-Cookie-Consent-Fetch": "1" } });
    }"""
    page.evaluate(send, "acceptUrl")
    pass_time(page)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("3",)])
    page.clock.run_for(1_000)
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: '1' }] })")
    before = len(requests)
    page.evaluate(send, "declineUrl")
    page.clock.run_for(12_000)
    page.goto("/found/")
    assert len(requests) == before
    assert visitor_of(page) == ""


# Seeing


def test_slots_are_seen_once_when_half_of_them_was_visible_for_a_second(page, served):
    accept(page, "/")
    below = page.locator("[data-pz-slot]").last
    number = int(below.get_attribute("data-pz-slot"))
    first = int(page.locator("[data-pz-slot]").first.get_attribute("data-pz-slot"))
    pass_time(page, 500)
    below.scroll_into_view_if_needed()  # away from the first ones too early
    page.wait_for_timeout(200)
    page.evaluate("scrollTo(0, 0)")
    pass_time(page, 0)
    pass_time(page, 700)
    page.evaluate(HIDE, True)  # sends what waits
    page.wait_for_timeout(200)
    assert served.impressions(page, "slot") == []
    page.evaluate(HIDE, False)
    pass_time(page, 400)
    pass_time(page)
    eventually(lambda: len(served.impressions(page, "slot")) > 0, True)
    shown = [slot for (slot,) in served.impressions(page, "slot")]
    assert first in shown
    assert number not in shown
    for scroll in (below.scroll_into_view_if_needed, lambda: page.evaluate("scrollTo(0, 0)")):
        scroll()
        page.wait_for_timeout(200)
        pass_time(page, 1_100)
    pass_time(page)
    eventually(lambda: (number,) in served.impressions(page, "slot"), True)
    seen = served.impressions(page, "decision_id", "slot")
    assert len(set(seen)) == len(seen)
    (key,) = {row[0] for row in served.impressions(page, "item_key", "slot") if row[1] == number}
    assert key == key_of(below.locator("a").first.get_attribute("href"))


@pytest.mark.parametrize(
    "show",
    [
        "() => setTimeout(() => { place.append(slot); document.querySelector('main').prepend(place); }, 10)",
        "() => { slot.hidden = false; place.dataset.pzDecision = decision; personalize.observe(place); }",
    ],
    ids=["inserted", "said"],
)
def test_what_comes_later_is_seen_too(page, served, show):
    accept(page, "/")
    page.evaluate("""() => {
        window.decision = document.querySelector("[data-pz-decision]").dataset.pzDecision;
        window.slot = document.createElement("p");
        window.place = document.createElement("div");
        slot.textContent = "Late";
        slot.dataset.pzSlot = document.querySelectorAll("[data-pz-slot]").length;
        for (const each of document.querySelectorAll("[data-pz-slot]")) each.remove();
    }""")
    if "hidden" in show:
        page.evaluate(
            "() => { slot.hidden = true; place.append(slot); document.querySelector('main').prepend(place); }"
        )
    else:
        page.evaluate("() => { place.dataset.pzDecision = decision; }")
    pass_time(page)
    assert served.impressions(page, "slot") == []
    page.evaluate(show)
    pass_time(page, 50)
    pass_time(page, 1_100)
    pass_time(page)
    eventually(lambda: len(served.impressions(page, "slot")), 1)


def test_a_page_behind_another_tab_is_not_seen(page, served):
    accept(page, "/")
    pass_time(page, 300)
    page.evaluate(HIDE, True)
    pass_time(page, 8_000)
    assert served.impressions(page, "slot") == []
    page.evaluate(HIDE, False)
    page.wait_for_timeout(300)
    page.clock.run_for(1_100)
    pass_time(page)
    assert served.impressions(page, "slot") != []


def test_a_slot_taller_than_two_windows_is_seen_when_it_fills_half_of_one(page, served):
    accept(page, "/")
    slot = page.locator("[data-pz-slot]").first
    number = int(slot.get_attribute("data-pz-slot"))
    slot.evaluate("""slot => {
        slot.style.height = "5000px";
        document.querySelector("h1, main").before(slot.closest("[data-pz-decision]"));
        slot.scrollIntoView();
    }""")
    page.wait_for_timeout(200)
    pass_time(page, 1_100)
    pass_time(page)
    eventually(lambda: (number,) in served.impressions(page, "slot"), True)


def test_a_browser_that_observes_nothing_still_tells_what_is_done(page, served):
    page.add_init_script("delete window.IntersectionObserver")
    accept(page, "/")
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: '1' }] })")
    pass_time(page)
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",)])


# Choosing


def test_a_card_is_chosen_by_click_by_new_tab_and_by_key(page, served):
    page.add_init_script(COUNT_BEACONS)
    accept(page, "/")
    page.evaluate("delete sessionStorage.beacons")
    link = page.locator("[data-pz-slot] a").nth(1)
    slot = int(page.locator("[data-pz-slot]").nth(1).get_attribute("data-pz-slot"))
    path = link.get_attribute("href")
    for how in ({"button": "middle"}, {"modifiers": ["Control"]}):
        with page.context.expect_page() as other:
            link.click(**how)
        other.value.close()
    link.click(button="right")
    pass_time(page)
    chosen = ("select_item", key_of(path), "personal-home", slot)
    fields = ("kind", "item_key", "item_list_id", '"index"')
    eventually(lambda: served.events(page, "select_item", *fields), [chosen] * 2)
    link.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    eventually(lambda: served.events(page, "select_item", *fields), [chosen] * 3)
    assert page.evaluate("sessionStorage.beacons") == "1"  # the page was gone too soon for anything else
    page.go_back()
    again = page.locator("[data-pz-slot] a").first
    path, slot = (
        again.get_attribute("href"),
        again.locator("xpath=ancestor::*[@data-pz-slot]").get_attribute("data-pz-slot"),
    )
    with page.expect_navigation():
        again.click()
    chosen_last = ("select_item", key_of(path), "personal-home", int(slot))
    eventually(lambda: served.events(page, "select_item", *fields), [chosen] * 3 + [chosen_last])
    decisions = served.events(page, "select_item", "decision_id")
    assert all(decision for (decision,) in decisions)


def test_a_double_click_is_one_choice(page, served):
    accept(page, "/")
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    page.locator("[data-pz-slot] a").first.dblclick()
    pass_time(page)
    pass_time(page)
    eventually(lambda: len(served.events(page, "select_item", "id")), 1)


# Attending


def test_attention_is_what_was_both_visible_and_in_focus_and_no_part_is_told_twice(page, served):
    accept(page, "/")
    path = product_page(page)
    page.goto(path)
    page.clock.run_for(4_000)
    page.evaluate(FOCUS, False)
    page.clock.run_for(60_000)
    page.evaluate(FOCUS, True)
    page.clock.run_for(3_000)
    page.evaluate(HIDE, True)
    page.clock.run_for(6_000)
    page.evaluate(HIDE, False)
    page.clock.run_for(2_500)
    page.goto("/search/?q=mug")

    def of_the_item():
        rows = served.events(page, "user_engagement", "item_key", "engagement_time_msec")
        return [time for key, time in rows if key == key_of(path)]

    eventually(of_the_item, [7_000, 2_500])


def test_a_machine_that_slept_was_not_read(page, served):
    accept(page, "/search/?q=mug")
    page.clock.fast_forward(8 * 3_600_000)
    page.evaluate(HIDE, True)
    page.clock.run_for(100)
    eventually(lambda: len(served.events(page, "user_engagement", "id")) > 0, True)
    assert sum(time for (time,) in served.events(page, "user_engagement", "engagement_time_msec")) <= 20_000


# Sending


def test_what_fails_is_sent_again_with_the_same_ids_and_stored_once(page_without_network, served):
    page = page_without_network
    accept(page, "/search/?q=mug")
    bodies, plan = [], ["abort", "503", "lost", "429"]

    def answer(route):
        body = json.loads(route.request.post_data_buffer or b"{}")
        bodies.append([event["id"] for event in body.get("events", [])])
        step = plan.pop(0) if plan else "pass"
        if step == "abort":
            route.abort()
        elif step == "lost":
            route.fetch()
            route.abort()
        elif step == "pass":
            route.continue_()
        else:
            route.fulfill(status=int(step), headers={"Retry-After": "30"})

    page.route(f"**{ENDPOINT}", answer)
    for key in ("1", "2"):
        page.evaluate("key => personalize.track('add_to_wishlist', { items: [{ item_id: key }] })", key)
    for _ in range(60):
        page.clock.run_for(5_000)
        page.wait_for_timeout(30)
        if len(bodies) == 5:
            break
    page.wait_for_timeout(500)
    assert len(bodies) == 5
    assert len(bodies[0]) == 2
    assert bodies == [bodies[0]] * 5
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",), ("2",)])
    page.clock.run_for(60_000)
    assert len(bodies) == 5


def test_what_was_on_its_way_when_the_page_was_left_arrives_once(page, served):
    accept(page, "/search/?q=mug")
    page.evaluate("() => { window.fetch = () => new Promise(() => {}); }")  # on its way for ever
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: '1' }] })")
    pass_time(page)
    assert served.events(page, "add_to_wishlist", "item_key") == []
    page.goto("/basket/")
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",)])


def test_a_page_that_comes_back_does_not_tell_again_what_it_told_on_leaving(page, served):
    accept(page, "/search/?q=mug")
    page.evaluate("""() => {
        const send = navigator.sendBeacon.bind(navigator);
        window.beacons = [];
        navigator.sendBeacon = (url, body) => send(url, body) && beacons.push(body) > 0;
        window.fetch = () => new Promise((resolve, reject) => { window.fail = reject; });
    }""")
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: '1' }] })")
    pass_time(page)
    page.evaluate("""() => {
        window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        window.fetch = () => window.beacons.push("again");
        fail(new TypeError());
        window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    pass_time(page, 60_000)
    assert page.evaluate("beacons.length") == 1
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",)])


def test_what_the_server_records_by_itself_is_not_sent(page, served):
    accept(page, "/")
    path = product_page(page)
    page.goto(path)
    requests = heard(page)
    page.evaluate("key => personalize.track('add_to_cart', { items: [{ item_id: key }] })", key_of(path))
    page.evaluate("for (const each of document.querySelectorAll('[data-pz-slot]')) each.remove()")
    pass_time(page, 20_000)
    assert requests == []
    assert served.events(page, "view_item", "item_key") == [(key_of(path),)]
    assert served.events(page, "add_to_cart", "item_key") == []


def test_a_refusal_is_not_sent_again(page, served):
    accept(page, "/search/?q=mug")
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: 'none' }] })")
    pass_time(page)
    requests = heard(page)
    page.clock.run_for(60_000)
    assert requests == []


def test_twenty_events_do_not_wait(page, served):
    accept(page, "/search/?q=mug")
    with page.expect_response(lambda response: response.url.endswith(ENDPOINT)):
        page.evaluate("""() => {
            for (let n = 1; n <= 20; n++) personalize.track("add_to_wishlist", { items: [{ item_id: n }] });
        }""")
    eventually(lambda: len(served.events(page, "add_to_wishlist", "id")), 20)


def test_a_batch_never_grows_past_what_a_browser_carries(page, served):
    accept(page, "/search/?q=mug")
    page.evaluate("""() => {
        const long = "ж".repeat(60);
        const item = (n) => ({ item_id: n + 1, item_variant: long, item_list_id: long });
        const items = Array.from({ length: 40 }, (_, n) => item(n));
        personalize.track("add_to_wishlist", { items: [{ item_id: "x".repeat(70_000) }] });
        for (let n = 0; n < 19; n++) personalize.track("add_to_wishlist", { items });
    }""")
    for _ in range(6):
        page.clock.run_for(5_000)
        page.wait_for_timeout(100)
    eventually(lambda: len(served.events(page, "add_to_wishlist", "id")), 19 * 25)


def test_a_batch_names_no_more_items_than_the_server_takes_at_once(page, served):
    accept(page, "/search/?q=mug")
    page.evaluate("""() => {
        const items = Array.from({ length: 25 }, (_, n) => ({ item_id: n + 1 }));
        for (let n = 0; n < 19; n++) personalize.track("add_to_wishlist", { items });
    }""")
    for _ in range(6):
        page.clock.run_for(5_000)
        page.wait_for_timeout(100)
    eventually(lambda: len(served.events(page, "add_to_wishlist", "id")), 19 * 25)


def test_what_is_no_json_is_not_told_and_holds_up_nothing(page, served):
    accept(page, "/search/?q=mug")
    page.evaluate("""() => {
        const price = {};
        price.itself = price;
        personalize.track("add_to_wishlist", { items: [{ item_id: "2", price }] });
        personalize.track("add_to_wishlist", { items: [{ item_id: "1" }] });
    }""")
    pass_time(page)
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",)])


def test_ids_are_made_where_the_browser_has_no_maker_of_ids(page, served):
    page.add_init_script("crypto.randomUUID = undefined")
    accept(page, "/search/?q=mug")
    page.evaluate("personalize.track('add_to_wishlist', { items: [{ item_id: '1' }] })")
    pass_time(page)
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",)])


# Behind a page cache, and with a data layer


def test_a_cached_page_is_viewed_by_each_of_its_visitors(cached_page, beacon, chromium):
    page = cached_page
    accept(page, "/cached/3/")
    pass_time(page)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("3",)])
    html = page.content()
    with_another = chromium.new_context(base_url=beacon.base, user_agent=PERSON)
    other = with_another.new_page()
    accept(other, "/cached/3/")
    pass_time(other)
    assert other.content() == html
    eventually(lambda: beacon.events(other, "view_item", "item_key"), [("3",)])
    assert visitor_of(other) != visitor_of(page)
    with_another.close()


def test_a_page_that_comes_back_from_memory_is_a_new_view(cached_page, beacon):
    page = cached_page
    accept(page, "/cached/3/")
    pass_time(page)
    page.evaluate("""() => {
        window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    page.clock.run_for(5_200)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("3",)] * 2)


def test_a_page_that_begins_on_coming_back_from_memory_is_viewed_once(cached_page, beacon):
    page = cached_page
    accept(page)
    page.add_init_script("""
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    """)
    page.goto("/cached/3/")
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    page.evaluate(HIDE, False)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    pass_time(page)
    pass_time(page)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("3",)])


def test_a_page_that_nobody_has_looked_at_yet_is_no_view(cached_page, beacon):
    page = cached_page
    accept(page)
    page.add_init_script("""
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    """)
    page.goto("/cached/3/")
    pass_time(page)
    assert beacon.events(page, "view_item", "item_key") == []
    page.evaluate(HIDE, False)
    pass_time(page)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("3",)])


def test_the_learnt_address_and_the_search_are_told_by_the_page(cached_page, beacon):
    page = cached_page
    accept(page, "/")
    path = product_page(page)
    page.goto(path)
    pass_time(page)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [(key_of(path),)])
    for address in ("/search/?q=mug", "/found/"):
        page.goto(address)
        pass_time(page)
    eventually(lambda: beacon.events(page, "search", "search_term", "results"), [("mug", 0), ("red mug", 2)])


def test_a_data_layer_is_read_in_both_of_its_forms_and_left_as_it_was(cached_page, beacon):
    page = cached_page
    accept(page, "/layered/")
    page.wait_for_load_state()
    lengths = page.evaluate("""() => [
        window.dataLayer.length,
        window.dataLayer.push({
            event: "remove_from_cart", ecommerce: { currency: "GBP", items: [{ item_id: 4, quantity: "2" }] },
        }),
        (gtag("event", "view_item", { items: [{ item_id: "5" }] }), window.dataLayer.length),
        window.dataLayer.push({ event: "purchase", ecommerce: { items: [{ item_id: "4" }] } }, null, 7, () => {}),
    ]""")
    assert lengths == [3, 4, 5, 9]
    pass_time(page)
    eventually(
        lambda: beacon.events(page, "add_to_cart", "item_key", "price", "currency", "quantity"), [("3", 2.5, "GBP", 1)]
    )
    eventually(lambda: beacon.events(page, "remove_from_cart", "item_key", "currency", "quantity"), [("4", "GBP", 2)])
    eventually(lambda: beacon.events(page, "search", "search_term"), [("earlier",)])
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("5",)])
    eventually(lambda: beacon.events(page, "purchase", "item_key"), [])


def test_a_view_that_the_page_itself_names_is_not_told_by_the_data_layer_too(cached_page, beacon):
    page = cached_page
    accept(page, "/layered/?product=3")
    page.evaluate("""() => {
        gtag("event", "view_item", { items: [{ item_id: "3" }] });
        dataLayer.push({ event: "view_item", ecommerce: { items: [{ item_id: "SKU-3" }] } });
    }""")
    pass_time(page)
    eventually(lambda: beacon.events(page, "view_item", "item_key"), [("3",)])
    page.evaluate("""() => {
        history.pushState({}, "", "/elsewhere/");
        gtag("event", "view_item", { items: [{ item_id: "5" }] });
    }""")
    pass_time(page)
    eventually(lambda: sorted(beacon.events(page, "view_item", "item_key")), [("3",), ("5",)])


def test_a_quick_view_is_told_and_attention_stays_with_the_item_of_the_page(cached_page, beacon):
    page = cached_page
    accept(page, "/layered/?product=3")
    page.evaluate("gtag('event', 'view_item', { items: [{ item_id: '5' }] })")
    page.clock.run_for(3_000)
    page.evaluate(HIDE, True)
    pass_time(page, 100)
    eventually(lambda: sorted(beacon.events(page, "view_item", "item_key")), [("3",), ("5",)])
    attended = beacon.events(page, "user_engagement", "item_key")
    assert [key for (key,) in attended if key] == ["3"]


def test_a_search_that_the_page_itself_names_is_not_told_by_the_data_layer_too(cached_page, beacon):
    page = cached_page
    accept(page, "/layered/?term=earlier")
    pass_time(page)
    eventually(lambda: beacon.events(page, "search", "search_term", "results"), [("earlier", 2)])
    page.evaluate("""() => {
        history.pushState({}, "", "?term=mug");
        gtag("event", "search", { search_term: "mug" });
    }""")
    pass_time(page)
    eventually(lambda: sorted(beacon.events(page, "search", "search_term")), [("earlier",), ("mug",)])


def test_only_what_is_kept_leaves_the_page(cached_page):
    page = cached_page
    accept(page)
    bodies = []
    page.route(f"**{ENDPOINT}", lambda route: (bodies.append(route.request.post_data_buffer or b""), route.continue_()))
    page.goto("/layered/")
    pass_time(page)
    assert b"add_to_cart" in bodies[0]
    assert b"anna" not in b"".join(bodies)


def test_the_shop_allows_no_script_but_from_itself(page):
    policy = page.goto("/").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
