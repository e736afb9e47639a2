from __future__ import annotations

from dataclasses import replace

import pytest

from django_personalize.simulator.behaviour import live
from django_personalize.simulator.summary import Summary, summarise
from django_personalize.simulator.world import Choice
from django_personalize.simulator.worlds import COLD, MATCHED, REAL
from tests.simulator.small import SMALL
from tests.training.small import NOW, orders

TOLERANCE = {
    "basket_median": 0.1,
    "basket_mean": 0.1,
    "basket_p95": 0.15,
    "repeat_share": 0.2,
    "top_tenth": 0.2,
    "orders_median": 0.5,
    "orders_mean": 0.2,
    "items_mean": 0.15,
    "items_median": 0.25,
}
"""Relative; one world of 400 shoppers varies by about half of this from seed to seed."""


@pytest.fixture(scope="module")
def matched() -> Summary:
    return summarise(live(MATCHED, seed=1).orders(MATCHED.end))


@pytest.mark.parametrize("figure", TOLERANCE)
def test_the_matched_world_looks_like_the_real_shop(matched, figure):
    assert getattr(matched, figure) == pytest.approx(getattr(REAL, figure), rel=TOLERANCE[figure])


def test_what_is_stated_of_the_real_shop_is_what_its_orders_say():
    from example_shop.data.cleaning import clean
    from example_shop.data.raw import read
    from example_shop.demo.learning import orders_of

    measured = summarise(orders_of(clean(read())))
    assert all(getattr(measured, figure) == pytest.approx(getattr(REAL, figure), rel=0.02) for figure in TOLERANCE)


def test_a_summary_counts_by_hand():
    found = summarise(orders((9, "ann", "abc"), (5, "ann", "ad"), (4, "", "ab"), (1, "bob", "a"), as_of=NOW))
    assert found == Summary(
        basket_median=2.0,
        basket_mean=2.0,
        basket_p95=pytest.approx(2.85),
        repeat_share=pytest.approx(1 / 6),
        top_tenth=0.5,
        orders_mean=1.5,
        orders_median=1.5,
        items_mean=2.5,
        items_median=2.5,
    )


def test_the_same_seed_gives_the_same_world_and_another_gives_another():
    first, again, other = live(SMALL, seed=3), live(SMALL, seed=3), live(SMALL, seed=4)
    assert (first.lines, first.backs, first.deeds) == (again.lines, again.backs, again.deeds)
    assert first.lines != other.lines


def test_where_everybody_is_alike_nobody_repeats_more_than_chance():
    each, alike = (
        summarise(live(replace(SMALL, choice=choice), seed=1).orders(SMALL.end))
        for choice in (Choice.TASTES, Choice.POPULARITY)
    )
    assert alike.repeat_share < 0.8 * each.repeat_share
    assert alike.basket_mean == pytest.approx(each.basket_mean, rel=0.05)


def test_the_cold_world_has_twenty_shoppers_who_reach_ten_thousand_lines():
    log = live(COLD, seed=0)
    assert len({line.shopper for line in log.lines}) == COLD.shoppers == 20
    assert len(log.lines) > 9_000
