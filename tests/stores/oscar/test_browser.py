"""The main path of the visit in a real browser, against the store as it is served: each event once in its database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PERSON, chromium, screenshots  # noqa: F401
from tests.processes import environment, free_port, get, run, running, until
from tests.stores.oscar.shopper import ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FILL = """
import django; django.setup()
from django.core.management import call_command
from tests.stores.oscar.fill import fill
fill(pictures=True)
call_command("rebuild_index", interactive=False, verbosity=0)
"""
TOLD = """
import django, json; django.setup()
from django_personalize.models import Event, Visitor
from tests.stores.oscar.shopper import told
since = Event.objects.exclude(kind__in=["purchase", "refund"]).order_by("pk").first()
print(json.dumps([told(each) for each in Event.objects.filter(pk__gte=since.pk).order_by("pk")]))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The store, set up by the commands of the documentation; its address, and what a process needs to see it."""
    state: Path = tmp_path_factory.mktemp("oscar")
    env = environment(
        state, DJANGO_SETTINGS_MODULE="tests.stores.oscar.settings", OSCAR_STORE_STATE=str(state), OSCAR_STORE_DEBUG="1"
    )
    run(["migrate", "--verbosity", "0"], env)
    run(FILL, env)
    report = run(["personalize_setup", "--noinput"], env)
    assert "400 orders" in report
    port, log = free_port(), state / "web.log"
    with running(["manage.py", "runserver", "--noreload", "--skip-checks", f"127.0.0.1:{port}"], env, log):
        base = f"http://127.0.0.1:{port}"
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


def test_a_guest_buys_in_a_real_browser_and_each_event_is_there_once(page, served, screenshots):  # noqa: F811
    page.goto("/cookies/")
    for name in ("personalization", "analytics"):
        page.locator(f"form.cookie-consent-accept:has(input[value={name}]) input[type=submit]").click()
    page.goto("/")
    page.get_by_role("button", name="Browse store").click()
    page.get_by_label("Browse store").get_by_role("link", name="Kitchen").click()
    page.get_by_role("heading", name="Pot no. 3").get_by_role("link").click()
    row = page.locator("[data-pz-placement=frequently-bought-together]")
    assert row.locator("article.product_pod").count() >= 1  # what baskets prove, and nothing to fill the row
    row.scroll_into_view_if_needed()
    page.wait_for_timeout(1_500)
    page.screenshot(path=screenshots / "oscar-product.png", full_page=True)
    row.locator("article.product_pod").first.get_by_role("heading").get_by_role("link").click()
    page.wait_for_load_state()
    page.locator(".product_main").get_by_role("button", name="Add to basket").click()
    page.get_by_text("has been added to your basket").wait_for()
    code = page.locator("table td").first.inner_text()  # oscar leads back to the product's page, which is one view more
    page.goto("/basket/")
    page.get_by_role("link", name="Proceed to checkout").click()
    page.wait_for_load_state()  # oscar's own script says which of the form's fields are wanted
    page.locator("[name=username]").fill("guest@example.com")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/checkout/shipping-address/")
    for name in ADDRESS.keys() - {"country"}:  # the store ships to one only, and does not ask
        page.locator(f"[name={name}]").fill(ADDRESS[name])
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/checkout/payment-details/")
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/checkout/preview/")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url("**/checkout/thank-you/")
    recorded = json.loads(run(TOLD, served[1]).splitlines()[-1])
    dwelt = [event for event in recorded if event[0] == "user_engagement" and event[1] == "Pots-3"]
    assert len(dwelt) == 1
    # In no order: what a browser sends on leaving may come in before or after the next page.
    others = [tuple(event) for event in recorded if event[0] != "user_engagement"]
    assert Counter(others) == {
        ("view_item", "Pots-3", ""): 1,
        ("select_item", code, ""): 1,
        ("view_item", code, ""): 2,
        ("add_to_cart", code, "", 1): 1,
        ("purchase", code, "", 1): 1,
    }
