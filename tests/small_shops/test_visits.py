"""One scripted visit through every kind of shop: each thing that was done is recorded once, by settings alone."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.management import call_command
from django.test import Client

from django_personalize.capture.orders import reconcile
from django_personalize.events.vocabulary import ORDER_KINDS
from django_personalize.models import Cart, Event, OrderLink, Visitor
from django_personalize.visitors import cookie
from tests.small_shops.conftest import AsgiClient, accept, decline
from tests.small_shops.opening import HERE, SHOPS, sold_by, told, visit_of

pytestmark = pytest.mark.django_db
OURS = ("personal.py", "urls_personal.py", "visit.py")
every_shop = pytest.mark.parametrize("name", SHOPS)


def sync() -> None:
    call_command("personalize_sync", verbosity=0)


@every_shop
@pytest.mark.parametrize("browser", [Client, AsgiClient])
def test_each_thing_done_in_a_visit_is_recorded_exactly_once(name: str, browser: Any, open_shop: Any) -> None:
    client = browser()
    open_shop(name)
    reconcile()
    accept(client)
    known = set(Event.objects.values_list("uid", flat=True))
    before = Counter(told(name))
    for step in visit_of(name)(client, sync):
        now = Counter(told(name))
        assert (step.name, now - before, before - now) == (step.name, Counter(step.came), Counter(step.went))
        before = now
    visitor = Visitor.objects.get()
    assert set(Event.objects.exclude(uid__in=known).values_list("visitor_id", flat=True)) == {visitor.pk}


@every_shop
@pytest.mark.parametrize("answer", ["none", "no"])
def test_the_same_visit_without_a_yes_leaves_nothing_but_what_was_sold_to_nobody(
    name: str, answer: str, open_shop: Any, client: Client
) -> None:
    open_shop(name)
    reconcile()
    if answer == "no":
        decline(client)
    before = Counter(told(name))
    for step in visit_of(name)(client, sync):
        now = Counter(told(name))
        came, went = (Counter(each for each in some if each[0] in ORDER_KINDS) for some in (step.came, step.went))
        assert (step.name, now - before, before - now) == (step.name, came, went)
        before = now
    assert [model for model in (Visitor, Cart, OrderLink) if model.objects.exists()] == []
    assert set(Event.objects.values_list("visitor_id", flat=True)) == {None}
    assert cookie.NAME not in client.cookies


@every_shop
def test_what_the_shop_sold_before_is_read_as_the_shop_counts_it(name: str, open_shop: Any) -> None:
    open_shop(name)
    report = reconcile()
    sold = sold_by(name)
    purchases, refunds = (list(Event.objects.filter(kind=kind)) for kind in ORDER_KINDS)
    assert len(sold) == report.lines == len(purchases) > 1
    assert len({order for order, _, _ in sold}) == report.orders
    assert sum(pieces for _, pieces, _ in sold) == sum(event.quantity for event in purchases)
    assert sum(given_back for _, _, given_back in sold) == sum(event.quantity for event in refunds)
    again = reconcile()
    assert (again.lines, again.written, again.removed) == (len(sold), 0, 0)


@every_shop
def test_nothing_is_said_against_the_settings(name: str, open_shop: Any) -> None:
    open_shop(name)
    assert [message for message in checks.run_checks(tags=["personalize"]) if message.level >= checks.WARNING] == []


@every_shop
def test_no_file_of_the_shop_knows_of_us(name: str) -> None:
    shop = HERE / name
    files = [file for file in shop.rglob("*") if file.suffix in {".py", ".html"} and file.name not in OURS]
    plain = [file for file in files if not file.is_relative_to(shop / "personal_templates")]
    assert len(files) == len(plain) + 1  # one template is put before the shop's own
    assert [file.name for file in plain if "personalize" in file.read_text()] == []


@every_shop
def test_the_setting_is_the_one_dict_and_nothing_else(name: str) -> None:
    tree = ast.parse((HERE / name / "personal.py").read_text())
    names = [node for node in tree.body if not isinstance(node, ast.ImportFrom)]
    assert [ast.unparse(node.targets[0]) for node in names if isinstance(node, ast.Assign)] == ["PERSONALIZE"]
    assert len(names) == 1


def test_every_shop_is_here() -> None:
    assert {path.parent.name for path in Path(HERE).glob("*/models.py")} == set(SHOPS)
