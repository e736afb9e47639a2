"""Whether people's tastes differ here, asked of baskets alone: no one need have come back.

Were everybody's tastes alike, the lines of a basket would be drawn from the categories as those of any other basket of
the same days. Pearson's X^2 of the table of baskets by categories says how far they are from that. Baskets are compared
with the few that came just before and after, so that a season, which moves everybody, proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Double, Purchases

MOST = 200
"""Newest baskets that are asked."""
BLOCK = 10
"""Baskets in a row that are compared with each other."""
SURE = 2.33
"""Standard deviations by which X^2 must exceed what equal tastes give: one shop in a hundred is taken in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tastes:
    """How much lines of one basket have in common."""

    alike: float
    """The correlation in category of two lines of one basket, 0 to 1, by the excess of X^2."""
    z: float
    """By how many standard deviations X^2 exceeds what equal tastes give; 0 where nothing can be compared."""

    @property
    def differ(self) -> bool:
        """Whether tastes are sure to differ."""
        return self.z > SURE


NONE = Tastes(alike=0.0, z=0.0)


def tastes(purchases: Purchases, category: NDArray[np.int64]) -> Tastes:
    """Return what the newest baskets of two lines or more say; `category` numbers that of each item of `purchases`, -1
    where the shop names none.
    """
    if not len(purchases):
        return NONE
    places = category[purchases.item]
    asked = (purchases.basket > purchases.basket[-1] - MOST) & (places >= 0)
    baskets, row = np.unique(purchases.basket[asked], return_inverse=True)
    table = np.zeros((len(baskets), int(category.max(initial=0)) + 1))
    np.add.at(table, (row, places[asked]), 1.0)
    table = table[table.sum(axis=1) >= 2]
    found = [_apart(table[start : start + BLOCK]) for start in range(0, len(table), BLOCK)]
    apart, freedom = sum(each for each, _ in found), sum(each for _, each in found)
    if not freedom:
        return NONE
    alike = (apart / freedom - 1.0) / max(float(table.sum(axis=1).mean()) - 1.0, 1.0)
    return Tastes(alike=float(np.clip(alike, 0.0, 1.0)), z=float((apart - freedom) / np.sqrt(2.0 * freedom)))


def _apart(table: Double) -> tuple[float, int]:
    """Return X^2 of some baskets by categories, scaled to the mean that it has where tastes are alike, and its degrees
    of freedom.
    """
    table = table[:, table.sum(axis=0) > 0]
    if len(table) < 2 or table.shape[1] < 2:
        return 0.0, 0
    lines = float(table.sum())
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / lines
    apart = float(((table - expected) ** 2 / expected).sum())
    return apart * (lines - 1) / lines, (len(table) - 1) * (table.shape[1] - 1)
