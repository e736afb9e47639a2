"""A person's history as weights over the model's items: the one place where ages of their past become numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Double, Float, Int
from django_personalize.core.types import History

PURCHASE = "purchase"
VIEW_WEIGHT = 0.3
"""A view says this much of what a purchase says, and nothing about what is owned."""
NEAR_HALF_LIFE = 60.0
OWN_HALF_LIFE = 365.0
FOLD_HALF_LIFE = 30.0
FOLD_FLOOR = 0.1
FOLD_CEILING = 2.0
LONGEST = 2_000
"""Newest rows that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One row per distinct item that the model knows, in index order. All columns have equal length."""

    item: Int
    near: Float
    """Sum of 2^(-age / 60 d), a view counting 0.3: how much each item asks its neighbours."""
    fold: Float
    """0.1 + min(2, sum of 2^(-age / 30 d)), as the factors were fitted."""
    own: Float
    """Sum of 2^(-age / 365 d) over purchases only; 0 where only viewed."""
    count: Float
    """Purchases, in orders."""
    since: Float
    """Days since the last purchase; 0 where only viewed."""
    orders: float
    """Distinct moments at which they bought."""
    seen: NDArray[np.bool_]
    """Whether the model may have learnt from it: touched before the moment that it knows."""
    latest: Int
    """The same items, touched last first; none where only ages are known, not the way from one to the next."""
    price: float
    """The middle of what this person pays per item; nan where unknown."""

    def __bool__(self) -> bool:
        return len(self.item) > 0

    @property
    def unseen(self) -> bool:
        """Whether this person came after the model had learnt: all that is known of them is of these hours."""
        return bool(self) and not self.seen.any()

    @property
    def bought(self) -> NDArray[np.bool_]:
        return self.count > 0


def profile(model: Model, history: History, as_of: float) -> Profile:
    """Return the profile of `history` at `as_of`; rows later than that and unknown items do not count."""
    rows = [
        (model.index[key], kind == PURCHASE, at)
        for key, kind, at in zip(
            history.item_keys[:LONGEST], history.kinds[:LONGEST], history.times[:LONGEST], strict=True
        )
        if key in model.index and at <= as_of
    ]
    if not rows:
        none = np.empty(0, dtype=np.int32)
        return weigh(model, none, none.astype(bool), none.astype(np.float64))
    item, bought, at = zip(*rows, strict=True)
    times = np.array(at, dtype=np.float64)
    columns = np.array(item, dtype=np.int32), np.array(bought, dtype=bool), (as_of - times) / DAY
    return weigh(model, *columns, seen=times <= model.as_of, latest=np.array(list(dict.fromkeys(item)), dtype=np.int32))


def weigh(
    model: Model,
    item: Int,
    bought: NDArray[np.bool_],
    age: Double,
    *,
    seen: NDArray[np.bool_] | None = None,
    latest: Int | None = None,
) -> Profile:
    """Return the profile of rows given as columns: item, whether it was a purchase, its age in days (0 or more), and
    whether it was before the model learnt (all of them unless given); `latest` are its distinct items, newest first.
    """
    items, place = np.unique(item, return_inverse=True)
    size = len(items)
    worth = np.where(bought, 1.0, VIEW_WEIGHT)

    def total(weights: Double) -> Float:
        return np.bincount(place, weights=weights, minlength=size).astype(np.float32)

    since = np.full(size, np.inf)
    np.minimum.at(since, place[bought], age[bought])
    prices = model.price[items[np.isfinite(since)]]
    prices = prices[np.isfinite(prices)]
    recent = total(worth * np.exp2(-age / FOLD_HALF_LIFE))
    floor = FOLD_FLOOR * np.where(np.isfinite(since), 1.0, VIEW_WEIGHT)
    return Profile(
        item=items.astype(np.int32),
        near=total(worth * np.exp2(-age / NEAR_HALF_LIFE)),
        fold=(floor + np.minimum(FOLD_CEILING, recent)).astype(np.float32),
        own=total(np.where(bought, np.exp2(-age / OWN_HALF_LIFE), 0.0)),
        count=total(bought.astype(np.float64)),
        since=np.where(np.isfinite(since), since, 0.0).astype(np.float32),
        orders=float(len(np.unique(age[bought]))),
        seen=np.ones(size, dtype=bool) if seen is None else total(seen.astype(np.float64)) > 0,
        latest=np.empty(0, dtype=np.int32) if latest is None else latest,
        price=float(np.median(prices)) if len(prices) else float("nan"),
    )


def without(model: Model, person: Profile, place: int) -> Profile:
    """Return the profile as it would be had the item at `place` never been touched (the deletion test)."""
    keep = np.arange(len(person.item)) != place
    prices = model.price[person.item[keep & person.bought]]
    prices = prices[np.isfinite(prices)]
    return Profile(
        item=person.item[keep],
        near=person.near[keep],
        fold=person.fold[keep],
        own=person.own[keep],
        count=person.count[keep],
        since=person.since[keep],
        orders=person.orders,
        seen=person.seen[keep],
        latest=person.latest[person.latest != person.item[place]],
        price=float(np.median(prices)) if len(prices) else float("nan"),
    )
