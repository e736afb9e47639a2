"""Recency, frequency and money as scores: where a person stands among those who have ordered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.segments.features import Features

BANDS = 5
PER_BAND = 20
"""People that a band needs, so that it says more than the names of those in it."""
Small = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """From 1 to `bands`, the higher the better; 0 for whoever has kept no order."""

    bands: int
    """5; fewer where fewer than 100 people have ordered, and 1 says nothing."""
    recency: Small
    frequency: Small
    money: Small

    def of(self, person: int) -> str:
        """Return one person's three scores as it is written: "543"."""
        return f"{self.recency[person]}{self.frequency[person]}{self.money[person]}"


def score(features: Features) -> Scores:
    """Band everybody who has kept an order. Equal values have equal scores, so bands may be of unequal size."""
    buyers = features.orders > 0
    bands = int(np.clip(buyers.sum() // PER_BAND, 1, BANDS))
    # A clock that ticks on must not part those who ordered on the same day.
    days = np.floor(np.nan_to_num(features.recency))
    return Scores(
        bands=bands,
        recency=_banded(-days, buyers, bands),
        frequency=_banded(features.orders.astype(np.float64), buyers, bands),
        money=_banded(features.money, buyers, bands),
    )


def _banded(value: NDArray[np.floating], buyers: NDArray[np.bool_], bands: int) -> Small:
    """Return 1 + floor(bands * (those below + half of those who are equal) / all), among buyers."""
    scores = np.zeros(len(value), dtype=np.int8)
    among = value[buyers]
    if len(among):
        ordered = np.sort(among)
        middle = np.searchsorted(ordered, among, "left") + np.searchsorted(ordered, among, "right")
        scores[buyers] = 1 + (bands * middle) // (2 * len(among))
    return scores
