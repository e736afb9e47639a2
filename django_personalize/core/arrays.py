"""The learner's values: numpy columns, always users x items, never rows in the other order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int32]
Float = NDArray[np.float32]
Double = NDArray[np.float64]
DAY = 86_400.0
"""Ages are in days, times in seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """Order lines as of one moment, net of what had come back by then; the columns have equal length.

    Sorted by (time, basket, item) so that the same rows always give the same bytes. A (basket, item) pair occurs once.
    """

    item_keys: tuple[str, ...]
    """Sorted; `item` indexes into it."""
    person_keys: tuple[str, ...]
    """Sorted keys of the people who grant `personalization`; `person` indexes into it."""
    basket: Int
    """0-based, in order of time."""
    person: Int
    """-1 where the buyer is not linked: such a basket joins no other."""
    item: Int
    quantity: Int
    """At least 1."""
    price: Float
    """Per unit; nan where the shop has none."""
    time: Double
    """Seconds since the epoch."""
    as_of: float
    """Nothing in here was known later than this moment, in seconds since the epoch."""

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """What a factor trainer fits: one entry per (user, item), users being people or unlinked baskets."""

    n_users: int
    n_items: int
    user: Int
    item: Int
    weight: Float

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Learnt item vectors. Score of a user vector u for item i is u . vectors[i] + biases[i].

    People are not in here: an artefact holds items only, a person is folded in from their own history when they ask.
    """

    vectors: Float
    """(items, k), C order."""
    biases: Float
    """(items,)"""
