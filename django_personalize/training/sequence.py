"""What visits go on to after an item: windowed co-occurrence within sessions, where the way there counts more.

    c(j | i) = sum over sessions with j after i, k <= 8 places on where they are closest, of 2^(-age / 30 d) / k,
    and half of that over sessions with j before i

    score(j | i) = c(j | i) / (n_i^0.5 n_j^0.1)

with n_i the sum of 2^(-age / 30 d) over the looks at i, and the age of two looks that of the later one. A pair
counts once a session: going to and fro a hundred times says no more than going on once. Sequence rules in the manner of
Ludewig and Jannach (2018), Evaluation of Session-based Recommendation Algorithms, with a backward half and the damping
of `training.lately`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import DAY, Double, Float, Int
from django_personalize.training.browsing import Browsing
from django_personalize.training.neighbours import strongest

WINDOW = 8
"""Places that two looks may lie apart."""
BACKWARD = 0.5
HALF_LIFE = 30.0
"""Days."""
FROM = 0.5
TO = 0.1
KEPT = 100
AT_ONCE = 500_000
"""Looks whose pairs are counted at once: eight times as many at most, some 200 MB."""


def sequence(browsing: Browsing, *, kept: int = KEPT) -> tuple[Int, Float]:
    """Return (items, kept) places and weights over `browsing.item_keys`, best first, ties by place; -1 and 0 pad.

    Of no width where nothing was looked at.
    """
    n_items = len(browsing.item_keys)
    width = kept if len(browsing) else 0
    index = np.full((n_items, width), -1, dtype=np.int32)
    weight = np.zeros((n_items, width), dtype=np.float32)
    if not width:
        return index, weight
    item = browsing.item
    fresh = np.exp2(-(browsing.as_of - browsing.time) / DAY / HALF_LIFE)
    onward = sparse.csr_array((n_items, n_items), dtype=np.float64)
    starts = np.flatnonzero(np.diff(browsing.session, prepend=-1, append=-1))
    blocks = np.searchsorted(starts, np.arange(0, len(item) + AT_ONCE, AT_ONCE).clip(max=len(item)))
    for start, stop in pairwise(np.unique(starts[blocks]).tolist()):
        rows = slice(start, stop)
        onward = onward + _onward(browsing.session[rows], item[rows], fresh[rows], n_items)
    pairs = (onward + BACKWARD * onward.T).tocsr()
    pairs.sort_indices()
    looks = np.bincount(item, weights=fresh, minlength=n_items)
    damped = np.maximum(looks, 1e-300) ** TO
    for place in range(n_items):
        span = slice(pairs.indptr[place], pairs.indptr[place + 1])
        other = pairs.indices[span]
        score = pairs.data[span] / (max(looks[place], 1e-300) ** FROM * damped[other])
        real = other != place
        strongest(index[place], weight[place], other[real], score[real])
    return index, weight


def _onward(session: Int, item: Int, fresh: Double, n_items: int) -> sparse.csr_array:
    """Return the forward half of c as an items x items array, over rows that hold whole sessions."""
    visit, here = (session - session[0]).astype(np.int64), item.astype(np.int64)
    codes, worth = [], []
    for apart in range(1, WINDOW + 1):
        same = visit[apart:] == visit[:-apart]
        codes.append((visit[apart:] * n_items**2 + here[:-apart] * n_items + here[apart:])[same])
        worth.append(fresh[apart:][same] / apart)
    # The first of equal codes is the closest pair.
    once, first = np.unique(np.concatenate(codes), return_index=True)
    steps = np.divmod(once % n_items**2, n_items)
    return sparse.csr_array((np.concatenate(worth)[first], steps), shape=(n_items, n_items))
