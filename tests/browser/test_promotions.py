"""A promotion on the homepage, in a real browser: seen, followed, and told of."""

from __future__ import annotations

import time

import pytest

from tests.browser.test_script import accept, eventually, pass_time
from tests.processes import run

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADD = """
import django; django.setup()
from django_personalize.models import Promotion
print(Promotion.objects.create(
    name="sale", look="banner", priority=20, link="/search/?q=sale",
    texts={"en": {"title": "The summer sale", "text": "Three days only.", "button": "To the sale"}},
).pk)
"""
END = "import django; django.setup(); from django_personalize.models import Promotion; Promotion.objects.all().delete()"
KNOWN = 5.5
"""Seconds after which every process knows what another one has saved."""


@pytest.fixture
def banner(served):
    pk = run(ADD, served.env).splitlines()[-1]
    time.sleep(KNOWN)
    yield pk
    run(END, served.env)
    time.sleep(KNOWN)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_banner_is_seen_once_and_its_link_followed(page, served, banner, width):
    page.set_viewport_size({"width": width, "height": 900})
    accept(page, "/")
    ours = page.locator(f"[data-pz-promotion='{banner}']")
    assert ours.get_by_role("heading", name="The summer sale").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ours.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    pass_time(page, 1_200)
    pass_time(page)
    slot = int(ours.get_attribute("data-pz-slot"))
    decision = ours.locator("xpath=ancestor::*[@data-pz-decision]").get_attribute("data-pz-decision").replace("-", "")
    fields = ("promotion_id", "decision_id", '"index"', "item_list_id", "item_key")
    told = [(banner, decision, slot, "personal-home", "")]
    eventually(lambda: served.events(page, "view_promotion", *fields), told)
    assert (slot,) not in served.impressions(page, "slot")
    link = ours.get_by_role("link", name="To the sale")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=sale")
    eventually(lambda: served.events(page, "select_promotion", *fields), told)
    assert served.events(page, "view_promotion", *fields) == told
