"""Which pairs of items share more baskets than chance explains, and how many of those may still be chance's.

Under chance the items of a basket are drawn independently of one another, given how large the basket is and how often
each item is in baskets of that size: two items then share about `sum over sizes of n_i n_j S2 / S1^2` baskets, with
n the baskets of that size that hold an item, S1 the sum of their lengths L and S2 the sum of L (L - 1). The count is
compared with a Poisson variable of that mean, one-sided.

Millions of pairs are looked at, so one in a hundred of them would be too many. The bound on p is the largest at which
the pairs that chance would bring below it are at most `FALSE` of those that are below it: Benjamini and Hochberg
(1995) with the levels that counts can in fact reach, after Heyse (2011), A False Discovery Rate Procedure for
Categorical Data. Where items are independent, the chance of showing any pair at all is thereby about `FALSE` as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from django_personalize.core.arrays import Double

FALSE = 0.05
"""Share of the pairs found that may be chance's."""
SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Edges of the basket sizes that are compared among themselves. Of larger baskets nearly any pair is in some."""
SHARED = 2
"""Fewest baskets that a pair shares."""
SAMPLE = 4_000_000
"""Pairs whose expected counts stand for all pairs'."""
SMALLEST = 1e-15
STEPS = 200
DISCRETE = 30.0
"""Up to this mean the levels that a count can reach are looked up; beyond it they lie close enough together."""


def associated(baskets: Any, blocks: list[tuple[int, int]], *, false: float = FALSE) -> Any:
    """Return items x items as CSR with a one where chance does not explain what `baskets` (baskets x items, ones)
    share; symmetric. `blocks` are the ranges of items that are worked out at once.
    """
    lengths = np.diff(baskets.indptr)
    chosen = np.flatnonzero((lengths >= SIZES[0]) & (lengths < SIZES[-1]))
    profile, scaled = _profiles(baskets[chosen], lengths[chosen])
    low, high, p = _candidates(baskets[chosen], blocks, profile, scaled, false)
    bound = _bound(np.sort(p), profile, scaled, false)
    low, high = low[p <= bound], high[p <= bound]
    n_items = baskets.shape[1]
    entries = (np.ones(2 * len(low)), (np.concatenate([low, high]), np.concatenate([high, low])))
    return sparse.csr_array(entries, shape=(n_items, n_items))


def _profiles(baskets: Any, lengths: NDArray[Any]) -> tuple[Double, Double]:
    """Return (items, sizes) in how many baskets of each size an item is, and the same times what makes the product of
    the two an expected count.
    """
    size = np.searchsorted(SIZES, lengths, side="right") - 1
    kinds = len(SIZES) - 1
    lines = np.bincount(size, weights=lengths, minlength=kinds)
    pairs = np.bincount(size, weights=lengths * (lengths - 1.0), minlength=kinds)
    belongs = sparse.csr_array((np.ones(len(size)), (np.arange(len(size)), size)), shape=(len(size), kinds))
    profile: Double = (baskets.T @ belongs).toarray()
    return profile, profile * (pairs / np.maximum(lines, 1.0) ** 2)


def _candidates(
    baskets: Any, blocks: list[tuple[int, int]], profile: Double, scaled: Double, false: float
) -> tuple[NDArray[Any], NDArray[Any], Double]:
    """Return the pairs (lower place, higher place) with p <= `false`, which no bound exceeds, and their p."""
    turned = baskets.T.tocsr()
    found = []
    for start, stop in blocks:
        shared = (turned[start:stop] @ baskets).tocoo()
        low, high, count = shared.row + start, shared.col, shared.data
        some = (high > low) & (count >= SHARED)
        low, high, count = low[some], high[some], count[some]
        expected = np.zeros(len(count))
        for kind in range(profile.shape[1]):
            expected += profile[low, kind] * scaled[high, kind]
        p = special.pdtrc(count - 1, expected)
        rare = p <= false
        found.append((low[rare], high[rare], p[rare]))
    if not found:
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0)
    low, high, p = (np.concatenate(column) for column in zip(*found, strict=True))
    return low, high, p


def _bound(p: Double, profile: Double, scaled: Double, false: float) -> float:
    """Return the largest p at which chance's pairs are at most `false` of the `p` (ascending) that are found; -1 for
    none.
    """
    if not len(p):
        return -1.0
    rates, pairs = _rates(profile, scaled)
    counts = np.arange(SHARED, int(4 * DISCRETE))
    reached = special.pdtrc(counts[None, :] - 1, np.minimum(rates, DISCRETE)[:, None])
    bound = -1.0
    for level in np.geomspace(SMALLEST, false, STEPS).tolist():
        met = np.where(reached <= level, reached, 0.0).max(axis=1)
        met[rates > DISCRETE] = level
        if float(met @ pairs) <= false * int(np.searchsorted(p, level, side="right")):
            bound = level
    return bound


def _rates(profile: Double, scaled: Double) -> tuple[Double, Double]:
    """Return expected counts and how many pairs of items have about that: from evenly spread rows where there are
    many.
    """
    n_items = len(profile)
    order = np.argsort(profile.sum(axis=1), kind="stable")
    step = -(-n_items * n_items // SAMPLE)
    rows = order[step // 2 :: step]
    table = profile[rows] @ scaled.T
    table[np.arange(len(rows)), rows] = 0.0
    rates = table[table > 0]
    pairs, edges = np.histogram(np.log(rates), bins=STEPS)
    return np.exp((edges[1:] + edges[:-1]) / 2), pairs * (n_items / len(rows) / 2)
