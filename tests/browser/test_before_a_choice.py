"""Threat P1: before a choice nothing of the visitor's is kept, in the browser or in the shop, on any page of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRAMEWORKS_OWN = {"csrftoken", "sessionid", "messages"}
BANNERS_OWN = {"cookie_consent"}
COUNTED = {"dailycount", "intake", "cursor"}
"""Tables that say how often, and never of whom."""
STORAGE = """async () => ({
    local: Object.keys(localStorage), session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map((each) => each.name),
    caches: self.isSecureContext && self.caches ? await caches.keys() : [],
    workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
    name: window.name,
})"""
NOTHING = {"local": [], "session": [], "databases": [], "caches": [], "workers": 0, "name": ""}
PAGES = [
    "/",
    "/search/?q=candles",
    "/basket/",
    "/account/log-in/",
    "/account/register/",
    "/cookies/",
    "/personalize/my-data/",
]


def tables(served):
    """How many rows each table of ours about people has."""
    names = [
        name
        for (name,) in served.rows("SELECT name FROM sqlite_master WHERE name LIKE 'personalize_%' AND type='table'")
    ]
    about = [name for name in names if name.removeprefix("personalize_") not in COUNTED]
    assert len(about) >= 12
    return {name: served.rows(f"SELECT COUNT(*) FROM {name}")[0][0] for name in about}


def linked(page, pattern):
    """The first address on the page that is of this form."""
    found = page.eval_on_selector_all("a[href]", "all => all.map((each) => each.getAttribute('href'))")
    return next(address for address in found if re.search(pattern, address))


def test_before_a_choice_nothing_is_kept_on_any_page(page, served):
    before = tables(served)
    answers, asked = [], []
    page.on("response", lambda response: answers.append(response))
    page.on("request", lambda request: asked.append(request))
    page.goto("/")
    product = linked(page, r"^/product")
    pages = [*PAGES, product, f"{product}?utm_source=letter&utm_campaign=spring"]
    for path in pages:
        assert page.goto(path).status == 200, path
        page.mouse.wheel(0, 2_000)
        page.wait_for_timeout(100)
        assert page.evaluate(STORAGE) == NOTHING, path
        assert {cookie["name"] for cookie in page.context.cookies()} <= FRAMEWORKS_OWN, path
    page.goto(product)
    page.locator("main form button").first.click()  # a guest puts it into the basket, and the shop keeps a session
    page.wait_for_load_state()
    page.wait_for_timeout(5_500)  # as long as the script would wait with what it has to tell
    assert page.evaluate(STORAGE) == NOTHING
    assert {cookie["name"] for cookie in page.context.cookies()} <= FRAMEWORKS_OWN
    for response in answers:
        told = response.headers_array()
        ours = [each["value"] for each in told if each["name"].lower() == "set-cookie"]
        assert {value.partition("=")[0] for value in ours} <= FRAMEWORKS_OWN | BANNERS_OWN
        page_itself = response.headers.get("content-type", "").startswith("text/html")
        assert not (page_itself and [each for each in told if each["name"].lower() == "etag"]), response.url
    hosts = {urlsplit(request.url).netloc for request in asked if request.url.startswith("http")}
    assert len(hosts) == 1
    assert not [request.url for request in asked if "/personalize/events/" in request.url]
    assert not [
        request.url for request in asked if re.search(r"[?&](pz|vid|visitor|uid|sid)=|[0-9a-f]{32}", request.url)
    ]
    assert tables(served) == before
