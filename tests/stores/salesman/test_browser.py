"""The main path of the visit in a real browser, against the store as it is served: each event once in its database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PERSON, chromium  # noqa: F401
from tests.processes import environment, free_port, get, run, running, until
from tests.stores.salesman.shopping import BUYER

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FILL = """
import django; django.setup()
from django.contrib.auth.models import User
from tests.stores.salesman import fill
fill.stock()
fill.orders()
User.objects.create_user("mia", password="pw")
"""
TOLD = """
import django, json; django.setup()
from django_personalize.models import Event, Impression
events = Event.objects.filter(visitor__isnull=False)
rows = events.order_by("pk").values_list("kind", "item_key", "item_variant", "quantity", "search_term", "results")
seen = Impression.objects.values_list("decision_id", "slot")
print(json.dumps({
    "events": [[value for value in row if value not in ("", None)] for row in rows],
    "visitors": events.values("visitor").distinct().count(),
    "impressions": [len(seen), len(set(seen))],
}))
"""
ASK = """async ([method, path, data]) => {
    const token = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="))?.slice(10) ?? "";
    const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
    const answer = await fetch(`/api/${path}/`, {method, headers, body: data && JSON.stringify(data)});
    return [answer.status, answer.status === 204 ? null : await answer.json()];
}"""
"""What the store's own script would do: salesman has an API and no pages for baskets and checkouts."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The store, set up by the commands of the documentation; its address, and what a process needs to see it."""
    state: Path = tmp_path_factory.mktemp("salesman")
    env = environment(
        state,
        DJANGO_SETTINGS_MODULE="tests.stores.salesman.settings",
        SALESMAN_STORE_DB=str(state / "store.sqlite3"),
        SALESMAN_STORE_ARTIFACTS=str(state / "artifacts"),
    )
    run(["migrate", "--verbosity", "0"], env)
    run(FILL, env)
    report = run(["personalize_setup", "--noinput"], env)
    assert "is live" in report
    port, log = free_port(), state / "web.log"
    serve = ["manage.py", "runserver", "--noreload", "--skip-checks", "--insecure", f"localhost:{port}"]
    with running(serve, env, log):
        base = f"http://localhost:{port}"
        until(lambda: get(f"{base}/cookies/status/") is not None, 60, log)
        yield base, env


@pytest.fixture
def page(chromium: Any, served: tuple[str, dict[str, str]]) -> Iterator[Any]:  # noqa: F811
    """A fresh browser; an error in a page's own scripts fails the test. Nothing is loaded from anywhere else."""
    context = chromium.new_context(base_url=served[0], viewport={"width": 1280, "height": 900}, user_agent=PERSON)
    context.set_default_timeout(30_000)
    context.route(lambda url: not url.startswith(served[0]), lambda route: route.abort())
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def key_of(card: Any) -> str:
    """The key of the accessory that a card leads to."""
    return f"shop.Accessory:{card.get_attribute('href').strip('/').rpartition('/')[2]}"


def test_a_shopper_buys_in_a_real_browser_and_each_event_is_there_once(page, served):
    def ask(method: str, path: str, data: Any = None) -> Any:
        status, answer = page.evaluate(ASK, [method, path, data])
        assert status in (200, 201, 204), answer
        return answer

    page.goto("/cookies/")
    for name in ("personalization", "analytics"):
        page.locator(f"form.cookie-consent-accept:has(input[value={name}]) input[type=submit]").click()
    page.goto("/")
    page.locator("[name=q]").fill("office")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Office phone 1").click()
    row = page.locator("[data-pz-placement=frequently-bought-together]")
    row.scroll_into_view_if_needed()
    page.wait_for_timeout(1_500)
    card = row.locator("a[href*='/accessories/']").first
    case = key_of(card)
    card.click()
    page.wait_for_url("**/accessories/**")
    added = ask("POST", "basket", {"product_type": "shop.Accessory", "product_id": case.split(":")[1], "quantity": 2})
    ask("DELETE", f"basket/{added['ref']}")
    ask("POST", "basket", {"product_type": "shop.Accessory", "product_id": case.split(":")[1]})
    page.goto("/login/")
    page.locator("[name=username]").fill("mia")
    page.locator("[name=password]").fill("pw")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{served[0]}/")
    order = ask("POST", "checkout", {**BUYER, "payment_method": "on-delivery"})
    assert order["url"]
    page.goto("/")
    told = json.loads(run(TOLD, served[1]).splitlines()[-1])
    phone = next(event[1] for event in told["events"] if event[0] == "view_item")
    dwelt = [event[1:] for event in told["events"] if event[0] == "user_engagement" and len(event) > 1]
    assert dwelt.count([phone]) == 1
    # In no order: what a browser sends on leaving may come in before or after the next page.
    assert Counter(tuple(event) for event in told["events"] if event[0] != "user_engagement") == {
        ("search", "office", 4): 1,
        ("view_item", phone): 1,
        ("select_item", case): 1,
        ("view_item", case): 1,
        ("add_to_cart", case, 2): 1,
        ("remove_from_cart", case, 2): 1,
        ("add_to_cart", case, 1): 1,
        ("login",): 1,
        ("purchase", case, 1): 1,
    }
    assert told["visitors"] == 1
    assert told["impressions"][0] == told["impressions"][1] > 0
