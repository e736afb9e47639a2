"""Which items baskets put beside which: directional, weighed by basket size and age, damped by popularity.

    score(j | i) = sum over baskets holding both of w / (n_i n_j^alpha),  w = L^-gamma 2^(-age / h),  n_i = sum of w
    over baskets holding i

and that times ((r_j + c) / (s_j + c))^m, with r and s the rates at which j sells at half-lives of 7 and 60 days.

A wholesale basket of L lines makes L^2 pairs, so without L^-gamma the largest twentieth of baskets makes most of the
evidence. The popularity damping is that of Aiolli (2013), Efficient Top-N Recommendation for Very Large Scale Binary
Rated Datasets. Pairs that chance explains are left out: where `Weighing.proven`, those that `training.chance` does not
find; elsewhere those in fewer shared baskets than a minimum, or than independence expects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import DAY, Double, Float, Int, Purchases
from django_personalize.training.baskets import blocks, matrix, worth
from django_personalize.training.chance import associated
from django_personalize.training.popularity import popularity

KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """How baskets are weighed; the values are tuned on a validation window, see docs/learning.md."""

    gamma: float
    alpha: float
    half_life: float
    """Days."""
    shared: int
    """Fewest distinct baskets that a pair must share."""
    proven: bool = False
    """Whether a pair must be one of those that `training.chance` finds."""
    momentum: float = 0.0
    """How much a weight leans to what sells better these days than it used to: the power m in the formula."""


NEAR = Weighing(gamma=1.0, alpha=0.3, half_life=45.0, shared=2)
TOGETHER = Weighing(gamma=0.75, alpha=0.2, half_life=90.0, shared=2, proven=True, momentum=0.3)
CALM = 0.1
"""Baskets a day that are added to both rates, so that a single sale is no momentum."""


def neighbours(purchases: Purchases, weighing: Weighing, *, kept: int = KEPT) -> tuple[Int, Float]:
    """Return (items, kept) neighbour places and weights, best first, ties by place; -1 and 0 pad."""
    baskets, age = matrix(purchases)
    n_baskets, n_items = baskets.shape
    index = np.full((n_items, kept), -1, dtype=np.int32)
    weight = np.zeros((n_items, kept), dtype=np.float32)
    if not n_items:
        return index, weight
    weights = worth(baskets, age, weighing.gamma, weighing.half_life)
    turned = baskets.T.tocsr()
    mass = turned @ weights
    held = np.asarray(turned.sum(axis=1)).ravel()
    damped = np.maximum(mass, 1e-300) ** weighing.alpha / _momentum(purchases) ** weighing.momentum
    weighed = sparse.diags_array(weights) @ baskets
    ranges = blocks(baskets)
    proven = associated(baskets, ranges) if weighing.proven else None
    for start, stop in ranges:
        block = turned[start:stop]
        pairs = (block @ weighed).tocsr()
        shared = (block @ baskets).tocsr()
        pairs.sort_indices()
        shared.sort_indices()
        for row in range(stop - start):
            item = start + row
            span = slice(pairs.indptr[row], pairs.indptr[row + 1])
            other, count = pairs.indices[span], shared.data[span]
            real = (other != item) & (count >= weighing.shared) & (count * n_baskets > held[item] * held[other])
            if proven is not None:
                real &= np.isin(other, proven.indices[proven.indptr[item] : proven.indptr[item + 1]])
            other = other[real]
            score = pairs.data[span][real] / (mass[item] * damped[other])
            strongest(index[item], weight[item], other, score)
    return index, weight


def strongest(index: Int, weight: Float, other: Int, score: Double) -> None:
    """Write as many of `other` as fit into one row of a table, the best scores first, ties by place."""
    kept = len(index)
    if len(other) > kept:
        bound = np.partition(score, len(score) - kept)[len(score) - kept]
        near = score >= bound
        other, score = other[near], score[near]
    order = np.lexsort((other, -score))[:kept]
    index[: len(order)] = other[order]
    weight[: len(order)] = score[order]


def _momentum(purchases: Purchases) -> Double:
    """Return (items,) how much better each item sells these days than it used to; 1 for a steady seller."""
    rates = popularity(purchases.item, (purchases.as_of - purchases.time) / DAY, len(purchases.item_keys))
    ratio: Double = (rates[:, 1] + CALM) / (rates[:, 2] + CALM)
    return ratio
