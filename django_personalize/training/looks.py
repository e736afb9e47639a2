"""What known people looked at, so that a window of the past can ask about them as a page would have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Double, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """One row per look of somebody who grants `personalization`, sorted by (person, time); the columns have equal
    length. Lives in memory only.
    """

    item_keys: tuple[str, ...]
    """Sorted; `item` indexes into it."""
    person_keys: tuple[str, ...]
    """Sorted, as `dataset.Orders` names people; `person` indexes into it."""
    person: Int
    item: Int
    time: Double
    """Seconds since the epoch."""
    viewed: NDArray[np.bool_]
    """Whether it was a view, which is what a page knows of a past; else a click, or what went into a basket or list."""

    def __len__(self) -> int:
        return len(self.item)

    def of(self) -> dict[str, slice]:
        """Return where each person's rows lie."""
        edges = np.searchsorted(self.person, np.arange(len(self.person_keys) + 1)).tolist()
        return {key: slice(edges[place], edges[place + 1]) for place, key in enumerate(self.person_keys)}


def nothing() -> Looks:
    none = np.empty(0, dtype=np.int32)
    return Looks(
        item_keys=(),
        person_keys=(),
        person=none,
        item=none,
        time=np.empty(0, dtype=np.float64),
        viewed=np.empty(0, dtype=bool),
    )
