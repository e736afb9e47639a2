from __future__ import annotations

from django_personalize.core.arrays import DAY
from django_personalize.training import split
from tests.training.small import NOW, orders


def truths(held):
    return [{held.item_keys[item] for item in shopper.truth} for shopper in held.shoppers]


def test_what_came_back_after_the_window_is_not_known_to_it():
    """The window that teaches must not see what only the window that judges could know."""
    bought = orders((70, "ann", "a"), (50, "ann", "bc"), back=[(40, 1, "b", 1), (10, 1, "c", 1)])
    assert truths(split.hold(bought, NOW - 60 * DAY, 30)) == [{"c"}]
    assert truths(split.hold(bought, NOW - 60 * DAY, 60)) == []


def test_half_a_basket_is_netted_as_the_window_ended():
    bought = orders((50, "", "abcd"), back=[(40, 0, "b", 1), (10, 0, "d", 1)])
    (one,) = split.hold_baskets(bought, NOW - 60 * DAY, 30).shoppers
    assert {bought.item_keys[item] for item in (*one.item.tolist(), *one.truth)} == {"a", "c", "d"}
