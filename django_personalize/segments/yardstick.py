"""What is usual in this shop, so that nobody is called late, eager or thrifty by another shop's habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from django_personalize.core.arrays import Double
from django_personalize.segments.features import Features

ENOUGH = 20
"""People that a usual value is taken from, at least."""
OWN_GAPS = 3
"""So many gaps of somebody's own weigh as much as the shop's usual gap."""
MOST = 0.9
"""Above this share of those who ordered, somebody spends much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """Medians and quantiles over people, one vote each, so that no wholesaler moves them. nan: not enough known yet."""

    buyers: int
    """People who kept an order."""
    repeaters: int
    """Of those, who ordered on three days or more."""
    judged: int
    """Of those, of whom at least three lines can be compared with a list price."""
    lookers: int
    """People who looked or searched in the last 30 days."""
    gap: float
    """Days: the median of the repeaters' mean gaps."""
    much: float
    """Money that a tenth of the buyers spent, or more; at least twice what the middle one did."""
    reduced: float
    """The mean share of a person's lines that were below the list price."""
    looks: float
    """The median number of looks and searches in 30 days."""


def measure(features: Features) -> Yardstick:
    buyers = features.orders > 0
    repeaters = features.gaps >= 2
    judged = features.judged >= 3
    looks = features.views + features.searches
    money = features.money[buyers]
    spent = money[money > 0]
    return Yardstick(
        buyers=int(buyers.sum()),
        repeaters=int(repeaters.sum()),
        judged=int(judged.sum()),
        lookers=int((looks > 0).sum()),
        gap=float(np.median(features.gap[repeaters])) if repeaters.sum() >= ENOUGH else np.nan,
        much=float(max(np.quantile(spent, MOST), 2.0 * np.median(spent))) if len(spent) >= ENOUGH else np.nan,
        reduced=float(np.mean(features.reduced[judged] / features.judged[judged]))
        if judged.sum() >= ENOUGH
        else np.nan,
        looks=float(np.median(looks[looks > 0])) if (looks > 0).sum() >= ENOUGH else np.nan,
    )


def expected_gap(features: Features, usual: Yardstick) -> Double:
    """Return the days within which each person's next order is to be expected; nan where the shop's gap is unknown.

    (n * own mean gap + 3 * the shop's) / (n + 3) with n gaps of their own: the shop's alone after one order.
    """
    own = np.nan_to_num(features.gap.astype(np.float64)) * features.gaps
    return np.asarray((own + OWN_GAPS * usual.gap) / (features.gaps + OWN_GAPS), dtype=np.float64)
