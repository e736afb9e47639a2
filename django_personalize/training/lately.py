"""What people who once took an item take these days: evidence between orders, where baskets are evidence within one.

    score(j | i) = sum over users of o_ui r_uj / L_u / (n_i^0.5 m_j^0.1)

with o_ui = min(1, sum of 2^(-age / 365 d)) for what a user ever took, r_uj the same with a half-life of ten days, L_u
the number of items that the user ever took, and n_i, m_j the sums of o and r over users. Users are linked people, and
each unlinked basket by itself. The short half-life is the point: it carries what is new to those it will suit.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import DAY, Float, Int, Purchases
from django_personalize.training.factors import users_of
from django_personalize.training.neighbours import strongest

EVER_HALF_LIFE = 365.0
THESE_DAYS_HALF_LIFE = 10.0
OLDEST = 60.0
"""Days after which a purchase is no longer of these days: a sixty-fourth."""
OWNERS = 0.5
TAKERS = 0.1
KEPT = 200
AT_ONCE = 4_000_000


def lately(purchases: Purchases, *, kept: int = KEPT) -> tuple[Int, Float]:
    """Return (items, kept) places and weights over `purchases.item_keys`, best first, ties by place; -1 and 0 pad."""
    n_items = len(purchases.item_keys)
    index = np.full((n_items, kept), -1, dtype=np.int32)
    weight = np.zeros((n_items, kept), dtype=np.float32)
    if not len(purchases):
        return index, weight
    user, n_users = users_of(purchases)
    age = (purchases.as_of - purchases.time) / DAY
    ever = _decayed(user, purchases.item, age, EVER_HALF_LIFE, (n_users, n_items))
    recent = age <= OLDEST
    now = _decayed(user[recent], purchases.item[recent], age[recent], THESE_DAYS_HALF_LIFE, (n_users, n_items))
    lengths = np.maximum(np.diff(ever.indptr), 1)
    share = sparse.diags_array(1.0 / lengths)
    owners = np.asarray(ever.sum(axis=0)).ravel()
    takers = np.asarray(now.sum(axis=0)).ravel()
    turned, shared = ever.T.tocsr(), (share @ now).tocsr()
    damped = np.maximum(takers, 1e-300) ** TAKERS
    work = np.cumsum(turned.astype(bool) @ np.diff(now.indptr).astype(np.float64))
    start = 0
    while start < n_items:
        done = work[start - 1] if start else 0.0
        stop = min(max(int(np.searchsorted(work, done + AT_ONCE, side="right")), start + 1), n_items)
        pairs = (turned[start:stop] @ shared).tocsr()
        for row in range(stop - start):
            item = start + row
            span = slice(pairs.indptr[row], pairs.indptr[row + 1])
            other = pairs.indices[span]
            score = pairs.data[span] / (owners[item] ** OWNERS * damped[other])
            real = other != item
            strongest(index[item], weight[item], other[real], score[real])
        start = stop
    return index, weight


def _decayed(user: Int, item: Int, age: np.ndarray, half_life: float, shape: tuple[int, int]) -> sparse.csr_array:
    found = sparse.csr_array((np.exp2(-age / half_life), (user, item)), shape=shape)
    found.sum_duplicates()
    found.data = np.minimum(found.data, 1.0)
    return found
