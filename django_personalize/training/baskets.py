"""Baskets as a sparse matrix, the same for everything that is learnt from what lies in one basket together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import DAY, Double, Int, Purchases

LONGEST_BASKET = 300
"""Lines of one basket that count, the largest by money: bounds memory, for pairs grow with the square."""
PAIRS_PER_BLOCK = 4_000_000


def matrix(purchases: Purchases) -> tuple[Any, Double]:
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
    baskets = sparse.csr_array((ones, (purchases.basket[chosen], purchases.item[chosen])), shape=shape)
    return baskets, age


def worth(baskets: Any, age: Double, gamma: float, half_life: float) -> Double:
    """Return what each basket of L lines counts: L^-gamma 2^(-age / half_life)."""
    lengths = np.diff(baskets.indptr)
    weights: Double = np.maximum(lengths, 1.0) ** -gamma * np.exp2(-age / half_life)
    return weights


def blocks(baskets: Any) -> list[tuple[int, int]]:
    """Return item ranges whose products with `baskets` hold at most about `PAIRS_PER_BLOCK` entries before they are
    summed.
    """
    lengths: Int = np.diff(baskets.indptr)
    pairs = np.cumsum(baskets.T @ lengths.astype(np.float64))
    n_items = baskets.shape[1]
    edges = [0]
    while edges[-1] < n_items:
        done = pairs[edges[-1] - 1] if edges[-1] else 0.0
        stop = int(np.searchsorted(pairs, done + PAIRS_PER_BLOCK, side="right"))
        edges.append(min(max(stop, edges[-1] + 1), n_items))
    return list(pairwise(edges))
