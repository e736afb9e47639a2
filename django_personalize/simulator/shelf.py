"""What a shop knows of its items and everybody may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Double
from django_personalize.simulator.world import moment
from django_personalize.training.catalogue import Catalogue, before


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The shop's items; `item_keys` are sorted, so that a place here is a place in the truth."""

    item_keys: tuple[str, ...]
    catalogue: Catalogue

    @classmethod
    def of(cls, category: NDArray[np.int64], brand: NDArray[np.int64], since: Double) -> Shelf:
        """Return the shelf of items by number of category and brand, and the day on which the shop got each."""
        keys = tuple(f"item-{number:05}" for number in range(len(category)))
        return cls(
            item_keys=keys,
            catalogue=Catalogue(
                category=dict(zip(keys, (f"category {number}" for number in category.tolist()), strict=True)),
                brand=dict(zip(keys, (f"brand {number}" for number in brand.tolist()), strict=True)),
                created=dict(zip(keys, (moment(day) for day in since.tolist()), strict=True)),
            ),
        )

    def at(self, moment: float) -> Catalogue:
        """Return what the shop sells at `moment`."""
        return before(self.catalogue, moment + 1.0)

    def newest(self, moment: float, n: int) -> Sequence[str]:
        """Return the `n` items that came last: what a shop shows while it knows nothing."""
        there = self.at(moment).created
        return sorted(there, key=lambda key: (-there[key], key))[:n]
