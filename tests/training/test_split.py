from __future__ import annotations

from dataclasses import replace

import numpy as np

from django_personalize.core.arrays import DAY
from django_personalize.recommend.features import rows
from django_personalize.training import split
from tests.training.small import NOW, looks, model, orders


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


def held(*walks, **changes):
    bought = orders((70, "ann", "ab"), (50, "bob", "a"), (10, "ann", "c"), (9, "bob", "b"))
    return split.hold(bought, NOW - 30 * DAY, 30, looks(*walks).looks, **changes)


def known(shoppers, one=0):
    """What was looked at, newest last, and how many days before the moment."""
    shopper = shoppers.shoppers[one]
    return [
        (shoppers.item_keys[item], round(age, 2))
        for item, age in zip(shopper.looked.tolist(), shopper.looked_age.tolist(), strict=True)
    ]


def test_whoever_looked_at_nothing_is_asked_about_at_the_cut():
    ann, bob = held((5, "ann", "z"), (40, "eve", "ab")).shoppers
    assert (ann.moment, bob.moment) == (NOW - 30 * DAY, NOW - 30 * DAY)
    assert ann.age.tolist() == [40, 40]
    assert not len(ann.looked)


def test_a_person_is_asked_about_as_the_last_visit_before_their_order_begins():
    found = held((40, "ann", "x"), (25, "ann", "cd"), (20, "ann", "abe"), (12, "bob", "z"), (3, "ann", "abc"))
    ann, bob = found.shoppers
    assert ann.moment == NOW - 20 * DAY
    assert ann.age.tolist() == [50, 50]
    assert known(found) == [("x", 20.0), ("c", 5.0), ("d", 5.0)]
    assert (bob.moment, known(found, 1)) == (NOW - 12 * DAY, [])
    assert truths(found) == [{"c"}, {"b"}]


def test_nothing_that_was_looked_at_after_the_moment_reaches_the_features():
    early = (40, "ann", "xb"), (25, "ann", "cd"), (20, "ann", "e")
    tables = []
    for late in ((), ((19.5, "bob", "abc"), (9.9, "ann", "abc"), (5, "ann", "de"), (20 - 1 / 1440, "ann", "abc"))):
        found = held(*early, *late)
        asked = model(orders((70, "ann", "abcdex"), as_of=NOW - 30 * DAY), looked=looks(*early, as_of=NOW))
        (one,) = split.asked(replace(found, shoppers=found.shoppers[:1]), asked)
        tables.append(rows(asked, one.person).features)
    assert tables[0].tolist() == tables[1].tolist()


def test_the_way_from_one_look_to_the_next_is_known_to_the_window():
    found = held((40, "ann", "xb"), (25, "ann", "cd"), (20, "ann", "e"))
    asked = model(orders((70, "ann", "abcdex"), as_of=NOW - 30 * DAY))
    one = next(iter(split.asked(found, asked)))
    assert [asked.item_keys[item] for item in one.person.latest] == ["d", "c", "b", "x", "a"]
    assert [asked.item_keys[item] for item in one.person.item[one.person.bought]] == ["a", "b"]


def test_what_was_only_looked_at_counts_as_new_to_the_shopper():
    found = held((40, "ann", "c"))
    asked = model(orders((70, "ann", "abcdex"), as_of=NOW - 30 * DAY))
    one = next(iter(split.asked(found, asked, new=True)))
    assert [asked.item_keys[item] for item in np.flatnonzero(~one.allowed)] == ["a", "b"]
    assert one.truth == {asked.index["c"]}
