"""Whose the recent sales are: how much of them one buyer or one hour makes, now and before."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import DAY, Int, Purchases

DAYS = 7.0
"""The window is as long as what recent popularity forgets half of."""
BEFORE = 12
"""Earlier windows that tell what is usual."""
FEWEST = 200
"""Lines of a window from which its shares say anything: in a quiet week one order is much of it."""
TOP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of the order lines of the last 7 days, from 0 to 1; a buyer is a linked person or an unlinked order."""

    lines: int
    buyer: float
    """Of whoever bought most lines."""
    hour: float
    """Of the hour with most lines."""
    buyer_before: float
    """The largest such share of the twelve windows before, where they hold enough lines."""
    hour_before: float
    top_buyer: float
    """The share of the ten most popular items most of whose lines one and the same buyer bought."""
    top_hour: float
    """The same of one and the same hour."""

    def told(self) -> dict[str, Any]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def shares(purchases: Purchases) -> Shares:
    """Return what one buyer and one hour are of the last 7 days of `purchases`, and were in the weeks before."""
    n_people = len(purchases.person_keys)
    buyer = np.where(purchases.person >= 0, purchases.person, n_people + purchases.basket).astype(np.int64)
    hour = (purchases.time // 3600.0).astype(np.int64)
    window = ((purchases.as_of - purchases.time) // (DAYS * DAY)).astype(np.int64)
    recent = window == 0
    earlier = [window == number for number in range(1, BEFORE + 1)]
    earlier = [rows for rows in earlier if rows.sum() >= FEWEST]
    age = (purchases.as_of - purchases.time) / DAY
    popular = np.bincount(purchases.item, weights=np.exp2(-age / DAYS), minlength=len(purchases.item_keys))
    top = np.argsort(-popular, kind="stable")[:TOP]
    return Shares(
        lines=int(recent.sum()),
        buyer=_largest(buyer[recent]),
        hour=_largest(hour[recent]),
        buyer_before=max((_largest(buyer[rows]) for rows in earlier), default=0.0),
        hour_before=max((_largest(hour[rows]) for rows in earlier), default=0.0),
        top_buyer=_carried(buyer[recent], purchases.item[recent], top),
        top_hour=_carried(hour[recent], purchases.item[recent], top),
    )


def _largest(group: NDArray[np.int64]) -> float:
    """Return the share of the commonest value."""
    return float(np.unique(group, return_counts=True)[1].max() / len(group)) if len(group) else 0.0


def _carried(group: NDArray[np.int64], item: Int, top: NDArray[np.int64]) -> float:
    """Return the share of the items of `top` more than half of whose rows are of one and the same group."""
    owners = []
    for place in top.tolist():
        groups, counts = np.unique(group[item == place], return_counts=True)
        if len(counts) and 2 * counts.max() > counts.sum():
            owners.append(groups[counts.argmax()])
    return float(np.unique(owners, return_counts=True)[1].max() / len(top)) if owners else 0.0
