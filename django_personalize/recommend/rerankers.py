"""What is put right in a personal row after it was scored, in this order, by one pure function each:

1. `unless_had`: what this person has, of a category whose items are hardly ever bought again, is no candidate;
2. `passed_over`: what they saw again and again, and did nothing with, comes down;
3. `spread`: one category takes no more than its share of the places shown.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.generators import top
from django_personalize.recommend.profile import Profile

HARDLY_EVER = 0.05
"""A category is bought once where a smaller share than this of its buyers took the same item again."""
PATIENCE = 5.0
"""Seen so often in vain, an item has lost half of its height above the row's last candidate."""
SHARE = 2 / 3
"""Of the places shown, the most that one category takes while another has candidates."""


def rerank(asking: Asking, person: Profile, item: Int, score: Float, limit: int) -> tuple[Int, Float]:
    """Return the places in `item` of the best `limit` candidates, best first, and the scores that they end with, which
    never rise along the row.

    `person` is given apart from `asking`, so that a row can be asked for as though its anchor had never been. For
    nobody's past the order is that of `score`: best sellers are what sells best.
    """
    if not person:
        order = top(score, limit)
        return order, score[order]
    order = top(unless_had(asking.model, person, item, score), limit)
    left = score[order]
    if len(order) and asking.passed_over:
        left = passed_over(left, np.array([asking.passed_over.get(each, 0) for each in item[order].tolist()]))
        again = np.argsort(-left, kind="stable")
        order, left = order[again], left[again]
    places = spread(asking.model.item_category[item[order]], asking.query.n)
    return order[places], np.minimum.accumulate(left[places])


def unless_had(model: Model, person: Profile, item: Int, score: Float) -> Float:
    """Return the scores with -inf, which is never shown, for what this person has for good."""
    had = had_for_good(model, person)
    return np.where(np.isin(item, had), np.float32(-np.inf), score) if len(had) else score


def had_for_good(model: Model, person: Profile) -> Int:
    """Return the items that this person bought in categories whose buyers hardly ever take the same item again."""
    bought = person.item[person.bought]
    category = model.item_category[bought]
    bought, category = bought[category >= 0], category[category >= 0]
    return bought[model.again[category] < HARDLY_EVER]  # nan, where too little is known, is not less


def passed_over(score: Float, times: Int) -> Float:
    """Return the scores of a row, best first, lowered for items that were seen so many `times` in vain.

    Scores may be log odds, below zero, so what shrinks is the height above the row's last candidate: with M = 5 an
    item seen k times keeps M / (M + k) of it. The same candidates remain, in another order.
    """
    height = score - score[-1]
    lowered: Float = (score - height * (times / (PATIENCE + times))).astype(np.float32)
    return lowered


def spread(category: Int, n: int) -> Int:
    """Return the places of a row, best first, such that no category has more than `SHARE` of the first `n`, rounded up,
    while another could have them. An item without a category (-1) counts for none.
    """
    most = ceil(n * SHARE)
    taken: dict[int, int] = {}
    first: list[int] = []
    behind: list[int] = []
    for place, shelf in enumerate(category.tolist()):
        if len(first) == n or taken.get(shelf, 0) == most:
            behind.append(place)
            continue
        first.append(place)
        if shelf >= 0:
            taken[shelf] = taken.get(shelf, 0) + 1
    return np.array(first + behind, dtype=np.int32)
