from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest

from django_personalize.core.types import CartLine, History
from django_personalize.exceptions import ShopError
from django_personalize.models import Cart
from django_personalize.placements.about import cart_of, just_bought, keys_of, last_order
from django_personalize.placements.asker import Asker
from tests.conftest import NOON
from tests.people import request_of, visitor

NOBODY = Asker(visitor=None, history=History())


def past(*rows):
    """History of (item, kind, age in days), newest first."""
    return History(
        item_keys=tuple(row[0] for row in rows),
        kinds=tuple(row[1] for row in rows),
        times=tuple((NOON - timedelta(days=row[2])).timestamp() for row in rows),
        quantities=(1,) * len(rows),
    )


def test_a_basket_is_products_lines_with_one_or_keys(memory_shop):
    one, two = memory_shop.stock["1"], memory_shop.stock["2"]
    assert keys_of([one, SimpleNamespace(product=two), "3", one]) == ("1", "2", "3")
    with pytest.raises(ShopError):
        keys_of([5])


@pytest.mark.django_db
def test_the_cart_is_the_shops_own_or_the_copy_kept_of_it(memory_shop):
    assert cart_of(request_of(), NOBODY) == ()
    me = visitor("personalization")
    Cart.objects.create(visitor=me, lines=[["2", "", 1], ["2", "2-red", 1]], changed_at=NOON)
    assert cart_of(request_of(), Asker(visitor=me, history=History())) == ("2",)
    memory_shop.basket = [CartLine(item_key="3", quantity=2)]
    assert cart_of(request_of(), Asker(visitor=me, history=History())) == ("3",)
    memory_shop.basket = []
    assert cart_of(request_of(), Asker(visitor=me, history=History())) == ()


@dataclass
class Closed:
    """A session that nobody may open."""

    accessed: bool = False

    def get(self, *args):
        raise AssertionError("The session was looked at.")


@pytest.mark.django_db
def test_the_session_of_a_page_that_has_not_looked_at_it_is_left_alone():
    request = request_of()
    request.session = Closed()
    assert cart_of(request, NOBODY) == ()


def test_what_was_bought_these_days_is_just_bought():
    history = past(("1", "purchase", 1), ("2", "view_item", 1), ("3", "purchase", 4))
    assert just_bought(history, NOON) == {"1"}


def test_the_last_order_is_what_was_bought_at_one_moment_and_not_long_ago():
    history = past(("1", "view_item", 0), ("2", "purchase", 9), ("3", "purchase", 9), ("4", "purchase", 20))
    assert last_order(history, NOON) == ("2", "3")
    assert last_order(history, NOON + timedelta(days=40)) == ()
    assert last_order(past(("1", "view_item", 0)), NOON) == ()
