from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from django_personalize.capture import orders
from django_personalize.capture.orders import reconcile
from django_personalize.core import clock
from django_personalize.models import Event, Visitor
from django_personalize.privacy.withdraw import change
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
    assert reconcile().removed == 1
    assert not Event.objects.filter(kind="refund").exists()


def test_a_line_that_is_gone_goes_with_its_return(memory_shop):
    kept, gone = line("1", "A", "1"), line("2", "A", "2", quantity=2, cancelled_quantity=1)
    memory_shop.orders = [kept, gone]
    reconcile()
    memory_shop.orders = [kept]
    assert reconcile().removed == 2
    assert rows("kind", "item_key") == [("purchase", "1")]


def test_one_accounts_run_removes_nothing_of_anybody(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7"), line("2", "B", "2")]
    reconcile()
    memory_shop.orders = []
    assert reconcile(user_key="7").removed == 0
    assert Event.objects.count() == 2


def test_an_edited_line_follows(memory_shop):
    memory_shop.orders = [line("1", "A", "1", quantity=1)]
    reconcile()
    memory_shop.orders = [line("1", "A", "2", quantity=4)]
    assert reconcile().written == 1
    assert rows("item_key", "quantity") == [("2", 4)]


def test_a_key_that_is_too_long_is_refused_and_counted_on_every_database(memory_shop):
    memory_shop.orders = [line("1", "A" * 65, "1"), line("2", "B", "x" * 65), line("3", "C", "1", currency="Pounds")]
    report = reconcile()
    assert (report.lines, report.tally.counts) == (3, {"key_too_long": 2})
    assert rows("transaction_id", "currency") == [("C", "")]


def test_who_withdraws_between_two_chunks_is_not_linked_by_the_later_one(memory_shop, monkeypatch):
    monkeypatch.setattr(orders, "CHUNK", 1)
    memory_shop.orders = [line(str(n), f"A{n}", "1", user_key="7") for n in range(3)]
    granting = Visitor.objects.create(
        user_key="7", granted={"personalization": True}, created_at=clock.now(), answered_at=clock.now()
    )

    def withdraw(done, total):
        change(granting.pk, [], refused=True)

    reconcile(progress=withdraw)
    assert set(Event.objects.values_list("visitor_id", flat=True)) == {None}
    assert Event.objects.count() == 3


def test_a_buyer_is_linked_only_while_a_browser_of_theirs_says_yes(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7"), line("2", "B", "2", user_key="8"), line("3", "C", "3")]
    granting = Visitor.objects.create(
        user_key="7", granted={"personalization": True}, created_at=MOMENT, answered_at=clock.now()
    )
    Visitor.objects.create(user_key="8", granted={"analytics": True}, created_at=MOMENT, answered_at=clock.now())
    reconcile()
    assert dict(Event.objects.values_list("transaction_id", "visitor_id")) == {"A": granting.pk, "B": None, "C": None}
    granting.granted = {}
    granting.save()
    assert reconcile().written == 1
    assert set(Event.objects.values_list("visitor_id", flat=True)) == {None}


def test_of_several_browsers_the_oldest_yes_carries_the_orders(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="7")]
    yes = {"user_key": "7", "granted": {"personalization": True}, "answered_at": clock.now()}
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
    # Is anything erased, anybody linked, the insert, its savepoint, what is there; a copy into PostgreSQL: four more.
    with django_assert_max_num_queries(10):
        reconcile()


def test_what_was_known_of_a_product_that_is_gone_is_kept(memory_shop):
    memory_shop.orders = [line("1", "A", "3", variant_key="3-red"), line("2", "A", "1")]
    reconcile()
    memory_shop.orders = [line("1", "A", "3-red", gone=True, quantity=2), line("2", "A", "", gone=True)]
    assert reconcile().written == 1
    assert rows("item_key", "item_variant", "quantity") == [("1", "", 1), ("3", "3-red", 2)]


def test_a_sync_of_late_keeps_the_older_lines_of_an_order(memory_shop):
    memory_shop.orders = [
        line("1", "A", "1", placed_at=NOON - timedelta(days=3)),
        line("2", "A", "2", placed_at=NOON - timedelta(hours=1)),
    ]
    reconcile()
    report = reconcile(since=NOON - timedelta(days=2))
    assert (report.lines, report.written, report.removed) == (1, 0, 0)
    assert len(rows("pk")) == 2


def test_a_sync_of_late_removes_what_is_gone_from_its_orders_and_nothing_older(memory_shop):
    old = line("9", "OLD", "1", placed_at=NOON - timedelta(days=9))
    memory_shop.orders = [old, line("1", "A", "1"), line("2", "A", "2"), line("3", "B", "3")]
    reconcile()
    memory_shop.orders = [line("1", "A", "1")]
    assert reconcile(since=NOON - timedelta(days=2)).removed == 2
    assert rows("transaction_id", "item_key") == [("A", "1"), ("OLD", "1")]
