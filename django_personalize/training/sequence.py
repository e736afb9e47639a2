"""What visits go on to after an item: windowed co-occurrence within sessions, where the way there counts more.

    c(j | i) = sum over looks at i and j in one session, j after i, d places apart, d <= 8, of 2^(-age / 30 d) / d,
    and half of that where j came before i

    score(j | i) = c(j | i) / (n_i^0.5 n_j^0.1)

with n_i the sum of 2^(-age / 30 d) over the looks at i, and the age of two looks that of the later one. Sequence rules
in the manner of Ludewig and Jannach (2018), Evaluation of Session-based Recommendation Algorithms, section 3.1, with a
backward half and the damping of `training.lately`.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import DAY, Float, Int
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
    session, item = browsing.session, browsing.item
    fresh = np.exp2(-(browsing.as_of - browsing.time) / DAY / HALF_LIFE)
    onward = sparse.csr_array((n_items, n_items), dtype=np.float64)
    for apart in range(1, WINDOW + 1):
        same = session[apart:] == session[:-apart]
        steps = item[:-apart][same], item[apart:][same]
        onward = onward + sparse.csr_array((fresh[apart:][same] / apart, steps), shape=(n_items, n_items))
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
