from datetime import UTC, datetime
from decimal import Decimal

import pytest

from django_personalize.attribution.orders import read
from django_personalize.models import Event
from tests.attribution.world import DAY, bought, shopper
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_shop, frozen):
    shopper()


def told():
    return [(each.item_key, each.quantity, each.returned) for each in read(["A"])]


def test_what_came_back_is_its_lines():
    bought("A", "1", key="1", quantity=3, cancelled_quantity=1)
    bought("A", "2", key="2", quantity=2)
    bought("B", "1", key="1", quantity=5, cancelled_quantity=5)
    assert told() == [("1", 3, 1), ("2", 2, 0)]


def test_two_lines_of_one_item_are_told_apart_by_variant_and_price():
    bought("A", "1", key="1", quantity=2, price=Decimal("9.00"))
    bought("A", "1", key="2", quantity=2, price=Decimal("5.00"), cancelled_quantity=2)
    bought("A", "1", key="3", quantity=2, price=Decimal("5.00"), variant_key="1-red", cancelled_quantity=1)
    assert [(each.price, each.item_variant, each.returned) for each in read(["A"])] == [
        (Decimal("9.0000"), "", 0),
        (Decimal("5.0000"), "", 2),
        (Decimal("5.0000"), "1-red", 1),
    ]


def test_of_lines_that_are_alike_no_more_comes_back_than_was_bought():
    bought("A", "1", key="1", quantity=1, cancelled_quantity=1)
    bought("A", "1", key="2", quantity=2, cancelled_quantity=1)
    assert told() == [("1", 1, 1), ("1", 2, 1)]


def test_a_return_of_an_item_that_is_gone_is_found_by_its_price():
    bought("A", "1", key="1", price=Decimal("9.00"))
    bought("A", "2", key="2", price=Decimal("5.00"), quantity=2)
    Event.objects.create(
        kind="refund", transaction_id="A", quantity=1, price=Decimal("5.00"), currency="GBP", occurred_at=NOON,
        received_at=NOON,
    )  # fmt: skip
    assert told() == [("1", 1, 0), ("2", 2, 1)]


def test_a_return_that_is_no_lines_takes_nothing():
    bought("A", "1", key="1")
    Event.objects.create(
        kind="refund", transaction_id="A", item_key="9", quantity=1, price=Decimal("2.50"), currency="GBP",
        occurred_at=NOON, received_at=NOON,
    )  # fmt: skip
    assert told() == [("1", 1, 0)]


def test_a_bare_day_lasts_until_its_end(settings):
    settings.TIME_ZONE = "Asia/Tashkent"  # five hours before UTC
    midnight = datetime(2026, 2, 27, 19, tzinfo=UTC)
    bought("A", "1", key="1", placed_at=midnight)
    bought("A", "2", key="2", placed_at=midnight.replace(hour=20))
    assert [each.until - each.bought_at for each in read(["A"])] == [DAY, 0 * DAY]
