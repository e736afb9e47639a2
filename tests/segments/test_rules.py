from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from django_personalize.segments.rules import BY_SLUG, SEGMENTS, members, why
from tests.segments.small import KNOWN, columns

NAN = float("nan")
NEVER_BOTH = {
    frozenset(pair)
    for pair in (
        ("new", "loyal"),
        ("new", "at-risk"),
        ("new", "lapsed"),
        ("new", "sale-only"),
        ("loyal", "at-risk"),
        ("loyal", "lapsed"),
        ("at-risk", "lapsed"),
        ("bargain-hunters", "sale-only"),
        ("window-shoppers", "basket-abandoners"),
    )
}
"""Who is in one is not in the other; every other pair may overlap."""


def slugs(**column):
    """Return the segments of one person, who is described by single values, among people of a known shop."""
    found = columns(**{name: [value] for name, value in column.items()})
    return {segment.slug for segment in SEGMENTS if members(segment, found, KNOWN)[0]}


def bought(orders, days, **more):
    return slugs(orders=orders, recency=days, **more)


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"orders": 1, "recency": 30.0}, {"new"}),
        ({"orders": 1, "recency": 30.1}, set()),
        ({"orders": 1, "recency": 120.1}, {"lapsed"}),
        ({"orders": 4, "gaps": 3, "gap": 10.0, "irregularity": 0.9, "recency": 40.0}, {"loyal"}),
        ({"orders": 4, "gaps": 3, "gap": 10.0, "irregularity": 1.01, "recency": 40.0}, set()),
        ({"orders": 4, "gaps": 3, "gap": 10.0, "irregularity": 1.0, "recency": 40.0}, {"loyal"}),
        ({"orders": 3, "gaps": 2, "gap": 10.0, "irregularity": 0.5, "recency": 40.0}, set()),
        ({"orders": 4, "gaps": 3, "gap": 10.0, "irregularity": 0.5, "recency": 40.1}, {"at-risk"}),
        ({"orders": 4, "gaps": 3, "gap": 10.0, "irregularity": 0.5, "recency": 80.0}, {"at-risk"}),
        ({"orders": 4, "gaps": 3, "gap": 10.0, "irregularity": 0.5, "recency": 80.1}, {"lapsed"}),
        ({"money": 1000.0}, {"big-spenders"}),
        ({"money": 999.0}, set()),
        ({"judged": 10, "reduced": 5}, {"bargain-hunters"}),
        ({"judged": 10, "reduced": 4}, set()),
        ({"judged": 2, "reduced": 2, "orders": 2}, set()),
        ({"judged": 3, "reduced": 3, "orders": 1, "recency": 40.0}, {"bargain-hunters"}),
        ({"judged": 3, "reduced": 3, "orders": 2, "recency": 40.0}, {"sale-only"}),
        ({"judged": 20, "reduced": 19, "orders": 2, "recency": 40.0}, {"sale-only"}),
        ({"judged": 20, "reduced": 18, "orders": 2, "recency": 40.0}, {"bargain-hunters"}),
        ({"views": 3, "searches": 2}, {"window-shoppers"}),
        ({"views": 4}, set()),
        ({"views": 5, "orders": 2, "recency": 29.0}, set()),
        ({"views": 5, "orders": 2, "recency": 31.0}, {"window-shoppers"}),
        ({"views": 3_000}, {"window-shoppers"}),
        ({"views": 3_001}, set()),
        ({"views": 5, "basket": 1, "basket_age": 0.5}, set()),
        ({"views": 5, "basket": 1, "basket_age": 1.0}, {"basket-abandoners"}),
    ],
)
def test_each_rule_stops_where_it_says(person, expected):
    assert slugs(**person) == expected


def test_where_most_is_reduced_half_is_no_bargain_hunting():
    usual = replace(KNOWN, reduced=0.6)
    found = columns(judged=[20, 20], reduced=[14, 19])
    assert members(BY_SLUG["bargain-hunters"], found, usual).tolist() == [False, True]


def test_more_than_usual_is_said_where_the_lower_bound_of_a_share_is_above_it():
    found = columns(judged=[10], reduced=[7])
    hunting = [members(BY_SLUG["bargain-hunters"], found, replace(KNOWN, reduced=usual))[0] for usual in (0.44, 0.45)]
    assert hunting == [True, False]


def test_nobody_is_in_a_segment_whose_measure_is_not_known_yet_and_it_says_what_it_waits_for():
    found = columns(orders=[1], recency=[1.0], money=[1e6], judged=[9], reduced=[9], views=[50])
    usual = replace(KNOWN, gap=NAN, much=NAN, reduced=NAN, looks=NAN, repeaters=7, buyers=8, judged=9, lookers=10)
    waiting = {segment.slug: segment.waits(usual) for segment in SEGMENTS}
    assert not any(members(segment, found, usual).any() for segment in SEGMENTS)
    assert {slug for slug, text in waiting.items() if not text} == {"basket-abandoners"}
    assert waiting["lapsed"] == "waits for 20 people who ordered on three days or more; there are 7"
    assert all(segment.waits(KNOWN) == "" for segment in SEGMENTS)


def everybody(n=200_000):
    """People of every kind, as columns that agree with one another."""
    chance = np.random.default_rng(0)
    orders = chance.integers(0, 8, n)
    gaps = np.maximum(orders - 1 - chance.integers(0, 2, n), 0)
    judged = np.where(orders > 0, chance.integers(0, 12, n), 0)
    basket = chance.integers(0, 2, n)
    return columns(
        orders=orders,
        recency=np.where(orders > 0, chance.uniform(0, 300, n), NAN),
        gaps=gaps,
        gap=np.where(gaps > 0, chance.uniform(1, 90, n), NAN),
        irregularity=np.where(gaps > 1, chance.uniform(0, 2, n), NAN),
        money=np.where(orders > 0, chance.uniform(0, 2000, n), 0.0),
        judged=judged,
        reduced=np.rint(judged * chance.choice([0.0, 0.3, 0.7, 1.0], n)),
        views=chance.integers(0, 20, n),
        basket=basket,
        basket_age=np.where(basket > 0, chance.uniform(0, 30, n), NAN),
    )


def test_who_may_be_in_two_segments_at_once_and_who_may_not():
    found, usual = everybody(), replace(KNOWN, gap=45.0)
    masks = {segment.slug: members(segment, found, usual) for segment in SEGMENTS}
    assert all(mask.any() for mask in masks.values())
    both = {frozenset((one, other)) for one, other in combinations(masks, 2) if (masks[one] & masks[other]).any()}
    pairs = {frozenset(pair) for pair in combinations(masks, 2)}
    assert both == pairs - NEVER_BOTH


def test_a_reason_is_the_few_numbers_that_decided():
    found = columns(orders=[4], gaps=[3], gap=[10.04], irregularity=[0.456], recency=[40.0])
    assert why(BY_SLUG["loyal"], found, 0) == {"orders": 4, "gap": 10.0, "irregularity": 0.46, "recency": 40.0}
    assert why(BY_SLUG["lapsed"], columns(orders=[1], recency=[400.0]), 0) == {"orders": 1, "recency": 400.0}
