"""Which categories and brands a person's lines are of, as shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Float, Int

TOP = 3
"""Names kept per person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity:
    names: tuple[str, ...]
    """Sorted; `top` indexes into it."""
    top: Int
    """(people, TOP) by share, ties by name; -1 where there is none."""
    share: Float
    """(people, TOP) lines of it / lines of which the shop says one; 0 where there is none."""

    def of(self, person: int) -> dict[str, float]:
        """Return the names and shares of one person, the largest first."""
        return {
            self.names[place]: round(float(share), 3)
            for place, share in zip(self.top[person], self.share[person], strict=True)
            if place >= 0
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Which of the `names` each item has, by the item's number; -1 for none, also for items beyond."""

    names: tuple[str, ...]
    of_item: Int


def naming(values: Iterable[str]) -> Naming:
    """Number the categories, or the brands, of items given in the order of their numbers."""
    listed = list(values)
    names = tuple(sorted({value for value in listed if value}))
    rank = {name: place for place, name in enumerate(names)}
    return Naming(names=names, of_item=np.array([rank.get(value, -1) for value in listed], dtype=np.int32))


def top(named: Naming, person: Int, item: Int, people: int) -> tuple[Int, Float]:
    """Return `Affinity.top` and `Affinity.share` of so many people's lines."""
    names: Int = np.full((people, TOP), -1, dtype=np.int32)
    shares: Float = np.zeros((people, TOP), dtype=np.float32)
    inside = item < len(named.of_item)
    person, item = person[inside], item[inside]
    name = named.of_item[item]
    person, name = person[name >= 0], name[name >= 0]
    if not len(name):
        return names, shares
    pairs, lines = np.unique(person.astype(np.int64) * len(named.names) + name, return_counts=True)
    who, what = pairs // len(named.names), pairs % len(named.names)
    order = np.lexsort((what, -lines, who))
    who, what, lines = who[order], what[order], lines[order]
    place = np.arange(len(who)) - _first(who)
    kept = place < TOP
    names[who[kept], place[kept]] = what[kept]
    shares[who[kept], place[kept]] = (lines / np.bincount(person, minlength=people)[who])[kept]
    return names, shares


def _first(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row of sorted `groups` where its group begins."""
    return np.searchsorted(groups, groups, side="left")
