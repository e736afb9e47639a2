from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from django_personalize.capture.orders import reconcile
from django_personalize.models import Event, Visitor
from django_personalize.testing.contracts import MOMENT
from tests.conftest import NOON, line

pytestmark = pytest.mark.django_db


def rows(*names):
    return sorted(Event.objects.values_list(*names))


def test_each_line_becomes_a_purchase_and_what_came_back_a_refund(memory_shop):
    memory_shop.orders = [
        line("1", "A", "1", quantity=3),
        line("2", "A", "2", quantity=5, cancelled_quantity=2, cancelled_at=NOON),
        line("3", "B", "1"),
    ]
    report = reconcile()
    assert (report.lines, report.orders, report.refunds, report.written) == (3, 2, 1, 4)
    assert rows("kind", "transaction_id", "item_key", "quantity", "occurred_at") == [
        ("purchase", "A", "1", 3, NOON - timedelta(days=1)),
        ("purchase", "A", "2", 5, NOON - timedelta(days=1)),
        ("purchase", "B", "1", 1, NOON - timedelta(days=1)),
        ("refund", "A", "2", 2, NOON),
    ]


def test_a_second_run_writes_nothing(memory_shop):
    memory_shop.orders = [line("1", "A", "1", cancelled_quantity=1), line("2", "A", "2")]
    reconcile()
    assert reconcile().written == 0
    assert Event.objects.count() == 3


def test_a_return_without_a_date_counts_from_the_purchase(memory_shop):
    memory_shop.orders = [line("1", "A", "1", quantity=2, cancelled_quantity=1)]
    reconcile()
    assert Event.objects.get(kind="refund").occurred_at == NOON - timedelta(days=1)


def test_a_later_return_follows_and_one_that_the_shop_takes_back_goes(memory_shop):
    before = line("1", "A", "1", quantity=4)
    memory_shop.orders = [before]
    reconcile()
    memory_shop.orders = [replace(before, cancelled_quantity=1, cancelled_at=NOON)]
    assert reconcile().written == 1
    memory_shop.orders = [replace(before, cancelled_quantity=3, cancelled_at=NOON)]
    assert reconcile().written == 1
    assert Event.objects.get(kind="refund").quantity == 3
    memory_shop.orders = [before]
    assert reconcile().withdrawn == 1
    assert not Event.objects.filter(kind="refund").exists()


def test_a_buyer_is_linked_only_while_a_browser_of_theirs_says_yes(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7"), line("2", "B", "2", user_key="8"), line("3", "C", "3")]
    granting = Visitor.objects.create(
        user_key="7", granted={"personalization": True}, created_at=MOMENT, answered_at=MOMENT
    )
    Visitor.objects.create(user_key="8", granted={"analytics": True}, created_at=MOMENT, answered_at=MOMENT)
    reconcile()
    assert dict(Event.objects.values_list("transaction_id", "visitor_id")) == {"A": granting.pk, "B": None, "C": None}
    granting.granted = {}
    granting.save()
    assert reconcile().written == 1
    assert set(Event.objects.values_list("visitor_id", flat=True)) == {None}


def test_of_several_browsers_the_oldest_yes_carries_the_orders(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7")]
    yes = {"user_key": "7", "granted": {"personalization": True}, "answered_at": MOMENT}
    Visitor.objects.create(**yes, created_at=MOMENT + timedelta(days=1))
    oldest = Visitor.objects.create(**yes, created_at=MOMENT)
    reconcile(user_key="7")
    assert Event.objects.get().visitor_id == oldest.pk


def test_one_account_alone_is_read(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7"), line("2", "B", "2", user_key="8")]
    assert reconcile(user_key="7").lines == 1
    assert rows("transaction_id") == [("A",)]


def test_ids_depend_on_order_and_line_alone(memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    reconcile()
    assert Event.objects.get().uid == UUID("ee1c7451-8675-1e8c-e4ae-65abe0807dfd")


def test_progress_ends_at_the_total(memory_shop):
    memory_shop.orders = [line(str(n), "A", "1") for n in range(3)]
    told = []
    reconcile(progress=lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]


def test_a_back_fill_takes_a_handful_of_queries(memory_shop, django_assert_max_num_queries):
    memory_shop.orders = [line(str(n), "A", "1") for n in range(2_000)]
    with django_assert_max_num_queries(6):
        reconcile()
