"""Which items baskets put beside which: directional, weighed by basket size and age, damped by popularity.

    score(j | i) = sum over baskets holding both of w / (n_i n_j^alpha),  w = L^-gamma 2^(-age / h),  n_i = sum of w
    over baskets holding i

A wholesale basket of L lines makes L^2 pairs, so without L^-gamma the largest twentieth of baskets makes most of the
evidence. The popularity damping is that of Aiolli (2013), Efficient Top-N Recommendation for Very Large Scale Binary
Rated Datasets. Pairs that chance explains are left out: fewer shared baskets than a minimum, or than independence
expects.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import DAY, Double, Float, Int, Purchases

KEPT = 100
LONGEST_BASKET = 300
"""Lines of one basket that count, the largest by money: bounds memory, for pairs grow with the square."""
PAIRS_PER_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """How baskets are weighed; the values are tuned on a validation window, see docs/learning.md."""

    gamma: float
    alpha: float
    half_life: float
    """Days."""
    shared: int
    """Fewest distinct baskets that a pair must share."""


NEAR = Weighing(gamma=1.0, alpha=0.3, half_life=45.0, shared=2)
TOGETHER = Weighing(gamma=0.5, alpha=0.3, half_life=180.0, shared=2)


def neighbours(purchases: Purchases, weighing: Weighing, *, kept: int = KEPT) -> tuple[Int, Float]:
    """Return (items, kept) neighbour places and weights, best first, ties by place; -1 and 0 pad."""
    baskets, age = _matrix(purchases)
    n_baskets, n_items = baskets.shape
    index = np.full((n_items, kept), -1, dtype=np.int32)
    weight = np.zeros((n_items, kept), dtype=np.float32)
    if not n_items:
        return index, weight
    lengths = np.diff(baskets.indptr)
    worth = np.maximum(lengths, 1.0) ** -weighing.gamma * np.exp2(-age / weighing.half_life)
    turned = baskets.T.tocsr()
    mass = turned @ worth
    held = np.asarray(turned.sum(axis=1)).ravel()
    damped = np.maximum(mass, 1e-300) ** weighing.alpha
    weighed = sparse.diags_array(worth) @ baskets
    for start, stop in _blocks(turned, lengths):
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


def _matrix(purchases: Purchases) -> tuple[Any, Double]:
    """Return baskets x items as CSR of ones, long baskets cut to their most valuable lines, and each basket's age in
    days.
    """
    n_baskets = int(purchases.basket.max(initial=-1)) + 1
    money = np.nan_to_num(purchases.price.astype(np.float64)) * purchases.quantity
    order = np.lexsort((purchases.item, -money, purchases.basket))
    basket = purchases.basket[order]
    first = np.searchsorted(basket, np.arange(n_baskets))
    place = np.arange(len(basket)) - first[basket]
    chosen = np.sort(order[place < LONGEST_BASKET])
    age = np.zeros(n_baskets)
    age[purchases.basket] = (purchases.as_of - purchases.time) / DAY
    shape = (n_baskets, len(purchases.item_keys))
    ones = np.ones(len(chosen))
    matrix = sparse.csr_array((ones, (purchases.basket[chosen], purchases.item[chosen])), shape=shape)
    return matrix, age


def _blocks(turned: Any, lengths: Int) -> list[tuple[int, int]]:
    """Return item ranges whose products hold at most about `PAIRS_PER_BLOCK` entries before they are summed."""
    pairs = np.cumsum(turned @ lengths.astype(np.float64))
    n_items = turned.shape[0]
    edges = [0]
    while edges[-1] < n_items:
        done = pairs[edges[-1] - 1] if edges[-1] else 0.0
        stop = int(np.searchsorted(pairs, done + PAIRS_PER_BLOCK, side="right"))
        edges.append(min(max(stop, edges[-1] + 1), n_items))
    return list(pairwise(edges))
