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


def test_of_many_people_a_sample_is_drawn_by_the_seed_and_keeps_their_order():
    bought = orders(*[(70, f"p{n:02}", "a") for n in range(20)], *[(50, f"p{n:02}", "bcd"[n % 3]) for n in range(20)])
    held = split.hold(bought, NOW - 60 * DAY, 30)
    assert split.sample(held, 20, seed=0) is held
    some, again, others = (split.sample(held, 7, seed=seed) for seed in (1, 1, 2))
    at = {id(shopper): place for place, shopper in enumerate(held.shoppers)}
    places = [at[id(shopper)] for shopper in some.shoppers]
    assert places == sorted(set(places))
    assert len(places) == 7
    assert [id(one) for one in some.shoppers] == [id(one) for one in again.shoppers]
    assert [id(one) for one in some.shoppers] != [id(one) for one in others.shoppers]
    assert (some.cut, some.item_keys) == (held.cut, held.item_keys)
