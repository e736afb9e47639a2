from datetime import timedelta

import pytest

from django_personalize.capture.stock import AWAY, KEPT, back_since, look
from django_personalize.models import StockOut
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
LONG_AGO = NOON - timedelta(days=100)


def kept():
    return {row.item_key: (row.out_since, row.back_at) for row in StockOut.objects.all()}


def test_what_comes_back_after_a_day_or_more_is_back_from_then_on(memory_shop):
    look(NOON)
    assert kept() == {"4": (NOON, None)}
    assert back_since(LONG_AGO) == []
    memory_shop.sold_out = {"1"}
    later = NOON + AWAY
    look(later)
    assert kept() == {"4": (NOON, later), "1": (later, None)}
    assert back_since(LONG_AGO) == ["4"]
    assert back_since(later + timedelta(seconds=1)) == []


def test_what_was_away_for_some_hours_is_no_news(memory_shop):
    look(NOON)
    memory_shop.sold_out = set()
    look(NOON + AWAY - timedelta(minutes=1))
    assert back_since(LONG_AGO) == []


def test_what_sells_out_again_is_not_back(memory_shop):
    look(NOON)
    memory_shop.sold_out = set()
    look(NOON + AWAY)
    memory_shop.sold_out = {"4"}
    look(NOON + 2 * AWAY)
    assert kept() == {"4": (NOON + 2 * AWAY, None)}
    assert back_since(LONG_AGO) == []


def test_what_came_back_long_ago_or_is_no_longer_in_the_catalogue_is_forgotten(memory_shop):
    memory_shop.sold_out = {"3", "4"}
    look(NOON)
    memory_shop.sold_out = {"3"}
    look(NOON + AWAY)
    memory_shop.stock = {key: item for key, item in memory_shop.stock.items() if key != "3"}
    look(NOON + AWAY + KEPT + timedelta(seconds=1))
    assert kept() == {}


def test_looking_costs_the_same_however_much_is_gone(memory_shop, django_assert_num_queries):
    look(NOON)
    with django_assert_num_queries(4):  # a savepoint and its release, what is known, what was back long ago
        look(NOON + AWAY)
