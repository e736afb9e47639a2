from __future__ import annotations

import numpy as np
import pytest

from django_personalize.training import dataset, popularity
from tests.training.small import DAY, NOW, arrays, orders


def test_popularity_is_decayed_lines_times_the_daily_rate_factor():
    found = popularity.popularity(np.array([0, 0]), np.array([0.0, 7.0]), 2, [7.0])
    assert found[:, 0].tolist() == pytest.approx([1.5 * np.log(2) / 7, 0.0])


def test_a_steady_seller_has_the_same_rate_at_every_half_life():
    age = np.arange(0.5, 2000.0)
    found = popularity.popularity(np.zeros(len(age), dtype=int), age, 1)
    assert found[0].tolist() == pytest.approx([1.0] * 3, rel=0.01)


def test_what_stands_in_the_arrays_is_counted_from_the_cut():
    learnt = arrays(orders((40, "", "ab"), (20, "", "a"), (3, "", "a")))
    assert learnt["sold"].tolist() == [[1, 2, 3], [0, 0, 1]]
    assert learnt["idle"].tolist() == [3, 40]
    assert learnt["age"].tolist() == [40, 40]
    assert learnt["price"].tolist() == [1, 2]


def test_the_price_is_the_median_paid_and_not_the_mean():
    gathering = dataset.Gathering()
    for number, paid in enumerate((1.0, 2.0, 9.0, None)):
        gathering.bought(f"o{number}", "x", 1, paid, float(number))
    purchases = dataset.net(gathering.finish(10.0))
    assert popularity.price(purchases, np.array([0]), 1).tolist() == [2.0]


def test_the_share_that_buys_again_is_of_linked_people_only():
    learnt = arrays(orders((40, "ann", "ab"), (20, "ann", "a"), (9, "bob", "a"), (8, "", "a"), (7, "", "a")))
    assert learnt["repeat"].tolist() == [0.5, 0.0]


def test_the_size_of_the_baskets_is_that_of_the_last_thirty_days():
    learnt = arrays(orders((40, "", "abcdef"), (20, "", "ab"), (3, "", "a")))
    assert learnt["basket"].tolist() == pytest.approx([np.log(2) / 2, np.log(2), 0, 0, 0, 0])


def shelf(*baskets, as_of=None):
    """The share that buys again of one category, from orders of people; `as_of` cuts them."""
    source = orders(*baskets)
    purchases = dataset.net(source) if as_of is None else dataset.before(source, as_of)
    return popularity.again(purchases, np.zeros(len(purchases.item_keys), dtype=np.int32), 2)


def crowd(count, *baskets):
    return [(age, f"person-{number:03}", items) for number in range(count) for age, items in baskets]


def test_a_category_is_bought_again_by_the_share_of_buyers_who_took_the_same_item_on_a_later_day():
    once, twice = crowd(60, (200, "a"))[20:], crowd(20, (200, "a"), (100, "a"))
    found = shelf(*once, *twice)
    assert found[0] == pytest.approx(20 / 60)
    assert np.isnan(found[1])
    assert shelf(*crowd(60, (200, "a"), (100, "b")))[0] == 0.0
    assert shelf(*crowd(60, (200.2, "a"), (200.1, "a")))[0] == 0.0


def test_who_has_had_no_ninety_days_or_is_not_linked_does_not_count():
    assert np.isnan(shelf(*crowd(60, (89, "a"), (9, "a")))[0])
    assert np.isnan(shelf(*crowd(49, (200, "a")))[0])
    assert np.isnan(shelf(*[(200, "", "a")] * 60)[0])
    assert shelf(*crowd(50, (200, "a")), *crowd(99, (80, "a"))[50:])[0] == 0.0


def test_what_was_bought_again_after_the_cut_is_not_known_at_it():
    twice = crowd(60, (200, "a"), (10, "a"))
    assert shelf(*twice)[0] == 1.0
    assert shelf(*twice, as_of=NOW - 20 * DAY)[0] == 0.0


def test_an_item_without_a_category_tells_nothing_of_any():
    purchases = dataset.net(orders(*crowd(60, (200, "a"))))
    assert np.isnan(popularity.again(purchases, np.array([-1], dtype=np.int32), 1)).all()
    assert popularity.again(purchases, np.array([-1], dtype=np.int32), 0).tolist() == []


def test_a_rhythm_is_the_median_interval_drawn_to_that_of_all_where_a_category_has_few():
    """Twenty intervals of 10 days and one of 90: of all the median is 10, and one counts a twenty-first part."""
    bought = [(float(start), f"p{number}", "a") for number in range(20) for start in (20, 30)]
    source = orders(*bought, (5, "q", "b"), (95, "q", "b"), (1, "", "c"))
    purchases = dataset.net(source)
    category = np.array([0, 1, -1], dtype=np.int32)
    found = popularity.rhythm(purchases, category, 3)
    assert found.tolist() == pytest.approx([10.0, 10 * 9 ** (1 / 21), 10.0], rel=1e-5)


def test_a_few_intervals_are_no_rhythm_and_two_on_one_day_are_none():
    few = [(float(start), f"p{number}", "a") for number in range(19) for start in (20, 30)]
    same = [(20.0, f"r{number}", "a") for number in range(9) for _ in range(2)]
    assert np.isnan(popularity.rhythm(dataset.net(orders(*few, *same)), np.zeros(1, dtype=np.int32), 1)).all()
