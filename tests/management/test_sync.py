from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from django_personalize.core import clock
from django_personalize.models import Event
from example_shop.shop.models import Order, OrderLine
from tests.conftest import line
from tests.shops import bought, order, product

pytestmark = pytest.mark.django_db


def synced(capsys, *args, **options):
    call_command("personalize_sync", *args, **options)
    return [text for text in capsys.readouterr().out.splitlines() if not text.startswith("Order lines:")]


def days_ago(days):
    return clock.now() - timedelta(days=days)


def stored():
    """(kind, order, quantity) of what we have, in order."""
    return sorted(Event.objects.values_list("kind", "transaction_id", "quantity"))


@pytest.fixture
def old_and_new():
    """An order of ten days ago and one of yesterday, of two lines each."""
    lantern, candle = product("Lantern"), product("Candle")
    for number, days in (("old", 10), ("new", 1)):
        placed = order(number, placed_at=days_ago(days))
        bought(placed, lantern)
        bought(placed, candle, quantity=2)


def test_it_says_what_it_read_and_wrote(memory_shop, capsys):
    memory_shop.orders = [line("1", "A", "1", quantity=2, cancelled_quantity=1), line("2", "B", "2")]
    assert synced(capsys) == ["2 orders with 2 lines read, 1 given back; 3 rows written, 0 removed."]
    assert synced(capsys) == ["2 orders with 2 lines read, 1 given back; everything was there already."]
    assert Event.objects.count() == 3


def test_what_cannot_be_used_is_told_by_name(old_and_new, capsys, settings):
    mapping = settings.PERSONALIZE["ORDER_LINES"]
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ORDER_LINES": {**mapping, "date": "returned_at"}}
    told = synced(capsys)
    assert told[0] == "0 orders with 0 lines read, 0 given back; everything was there already."
    assert told[1].startswith("  line_without_date: 4 (first: order line ")
    assert told[1].endswith("An order line without a date. Left out; see date in ORDER_LINES.")


def test_a_cancellation_that_no_signal_told_is_found(old_and_new, capsys):
    synced(capsys)
    Order.objects.filter(number="new").update(status="cancelled", cancelled_at=clock.now())
    assert synced(capsys)[0] == "2 orders with 4 lines read, 2 given back; 2 rows written, 0 removed."
    assert stored() == [
        ("purchase", "new", 1),
        ("purchase", "new", 2),
        ("purchase", "old", 1),
        ("purchase", "old", 2),
        ("refund", "new", 1),
        ("refund", "new", 2),
    ]
    Order.objects.filter(number="new").update(status="placed", cancelled_at=None)
    assert synced(capsys)[0] == "2 orders with 4 lines read, 0 given back; 0 rows written, 2 removed."


def test_lines_that_raw_sql_changed_or_deleted_are_repaired(old_and_new, capsys):
    synced(capsys)
    one, two = OrderLine.objects.filter(order__number="new").order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_orderline WHERE id = %s", [one.pk])
        cursor.execute("UPDATE shop_orderline SET quantity = 7 WHERE id = %s", [two.pk])
    assert synced(capsys)[0] == "2 orders with 3 lines read, 0 given back; 1 row written, 1 removed."
    assert stored() == [("purchase", "new", 7), ("purchase", "old", 1), ("purchase", "old", 2)]


def test_an_order_that_was_deleted_goes_here_too(old_and_new, capsys):
    synced(capsys)
    Order.objects.get(number="new").delete()
    assert synced(capsys)[0] == "1 order with 2 lines read, 0 given back; 0 rows written, 2 removed."


def test_within_an_age_only_orders_of_that_age_are_read_and_the_others_stay(old_and_new, capsys):
    synced(capsys)
    OrderLine.objects.filter(quantity=1).delete()  # of both orders
    assert synced(capsys, "--since", "2d")[0] == "1 order with 1 line read, 0 given back; 0 rows written, 1 removed."
    assert stored() == [("purchase", "new", 2), ("purchase", "old", 1), ("purchase", "old", 2)]
    assert synced(capsys, since="2d")[0].startswith("1 order with 1 line read, ")
    assert synced(capsys)[0] == "2 orders with 2 lines read, 0 given back; 0 rows written, 1 removed."


def test_an_order_of_that_age_that_is_gone_or_moved_is_looked_at_again(old_and_new, capsys):
    synced(capsys)
    Order.objects.filter(number="new").update(placed_at=days_ago(20))
    assert synced(capsys, "--since", "48h")[0] == "0 orders with 0 lines read, 0 given back; 2 rows written, 0 removed."
    assert Event.objects.get(transaction_id="new", quantity=1).occurred_at < days_ago(19)
    Order.objects.filter(number="old").delete()
    assert synced(capsys, "--since", "2880m")[0].endswith("everything was there already.")
    assert len(stored()) == 4


@pytest.mark.parametrize("age", ["2", "d", "two days", "-1d", "1.5h"])
def test_an_age_that_is_none_is_refused(age):
    with pytest.raises(CommandError, match="wanted a number and m, h or d"):
        call_command("personalize_sync", f"--since={age}")
    with pytest.raises(CommandError, match="wanted a number and m, h or d"):
        call_command("personalize_sync", since=age)


def test_without_a_mapping_it_names_the_next_step(settings):
    settings.PERSONALIZE = {}
    with pytest.raises(CommandError, match=r"Nothing is known of the shop yet\. Run manage.py personalize_setup"):
        call_command("personalize_sync")


def test_with_a_wrong_mapping_it_says_what_is_wrong(settings):
    product = {**settings.PERSONALIZE["PRODUCT"], "model": "shop.Produkt"}
    settings.PERSONALIZE = {**settings.PERSONALIZE, "PRODUCT": product}
    with pytest.raises(CommandError) as wrong:
        call_command("personalize_sync")
    assert "personalize.E004" in str(wrong.value)
    assert 'Did you mean "shop.Product"?' in str(wrong.value)
