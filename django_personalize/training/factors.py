"""Interactions as the factor trainer wants them, and vectors for items that it never saw."""

from __future__ import annotations

import numpy as np

from django_personalize.core.arrays import DAY, Int, Interactions, Purchases

HALF_LIFE_DAYS = 30.0
FLOOR = 0.1
CEILING = 2.0


def interactions(purchases: Purchases) -> Interactions:
    """Return one entry per (user, item): users are the linked people in key order, then each unlinked basket in time
    order.

    Weight = 0.1 + min(2, sum over the pair's lines of 2^(-age / 30 d)); entries are sorted by (user, item).
    """
    user, n_users = users_of(purchases)
    n_items = len(purchases.item_keys)
    pairs, entry = np.unique(user.astype(np.int64) * n_items + purchases.item, return_inverse=True)
    age = (purchases.as_of - purchases.time) / DAY
    recent = np.bincount(entry, weights=np.exp2(-age / HALF_LIFE_DAYS), minlength=len(pairs))
    return Interactions(
        n_users=n_users,
        n_items=n_items,
        user=(pairs // max(n_items, 1)).astype(np.int32),
        item=(pairs % max(n_items, 1)).astype(np.int32),
        weight=(FLOOR + np.minimum(CEILING, recent)).astype(np.float32),
    )


def users_of(purchases: Purchases) -> tuple[Int, int]:
    """Return each line's user and how many there are: linked people in key order, then unlinked baskets by time."""
    n_people = len(purchases.person_keys)
    alone = purchases.person < 0
    baskets, place = np.unique(purchases.basket[alone], return_inverse=True)
    user = purchases.person.copy()
    user[alone] = (n_people + place).astype(np.int32)
    return user, n_people + len(baskets)
