"""Categories and brands alike: how much of each is in a person's past and in the shop's sales, and who is in which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Double, Float, Int
from django_personalize.core.types import Candidate
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.personal import of_category

PRIOR = 2.0
"""How many fresh purchases the shop's own share weighs in a person's share of a group."""
DAMPING = 0.5
"""0 orders by the person's share alone (large groups lead everybody's page), 1 by how far it exceeds the shop's."""
TASTE = 0.5
BEST = 5
"""A group tastes as its best so many items do."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """What an item can be of, one at most."""

    kind: Literal["category", "brand"]
    names: tuple[str, ...]
    of_item: Int
    """(items,) the place in `names`; -1 for none."""


def categories(model: Model) -> Groups:
    return Groups("category", model.categories, model.item_category)


def brands(model: Model) -> Groups:
    return Groups("brand", model.brands, model.item_brand)


class Shares:
    """The groups of one kind before one person.

    A group g has the person's share (w_g + m p_g) / (w + m), where w is the recency-weighted history and p_g the shop's
    recent share s_g, tilted by what the factors expect of the group's best items, so that a small history is smoothed.
    """

    def __init__(self, asking: Asking, groups: Groups) -> None:
        self.asking, self.groups = asking, groups

    @cached_property
    def listed(self) -> NDArray[np.intp]:
        """(groups,) listed items."""
        model, of_item = self.asking.model, self.groups.of_item
        return np.bincount(of_item[model.listed & (of_item >= 0)], minlength=len(self.groups.names))

    @cached_property
    def shop(self) -> Double:
        """(groups,) s_g, above 0."""
        model, of_item, size = self.asking.model, self.groups.of_item, len(self.groups.names)
        listed = model.listed & (of_item >= 0)
        recent = _sums(of_item[listed], model.popularity[listed, 1], size)
        share: Double = (recent + 1e-3 * max(recent.sum(), 1e-9)) / max(recent.sum() * (1 + 1e-3 * size), 1e-9)
        return share

    @cached_property
    def own(self) -> Double:
        """(groups,) w_g: what of the history is of it; 0 for nobody's."""
        person, size = self.asking.person, len(self.groups.names)
        place = self.groups.of_item[person.item]
        return _sums(place[place >= 0], person.near[place >= 0], size)

    @cached_property
    def persons(self) -> Double:
        """(groups,) the person's share."""
        prior = self.shop * np.exp(TASTE * _taste(self.asking, self.groups))
        prior /= prior.sum()
        share: Double = (self.own + PRIOR * prior) / (self.own.sum() + PRIOR)
        return share

    @cached_property
    def score(self) -> Double:
        """(groups,) what orders them: the person's share / s_g^0.5, and for nobody's past s_g."""
        return self.persons / self.shop**DAMPING if self.asking.person else self.shop

    def ranked(self) -> tuple[str, ...]:
        """Return all that have a listed item, best first, ties by name."""
        if not self.groups.names:
            return ()
        order = np.lexsort((np.arange(len(self.groups.names)), -self.score))
        return tuple(self.groups.names[place] for place in order.tolist() if self.listed[place])

    @cached_property
    def affinity(self) -> Mapping[str, float]:
        """The scores by name, the best of them 1."""
        if not self.groups.names:
            return {}
        best = max(float(self.score.max()), 1e-9)
        return dict(zip(self.groups.names, (self.score / best).tolist(), strict=True))

    @cached_property
    def drawn_to(self) -> frozenset[str]:
        """Those that this person has had to do with, more than the shop's customers usually have."""
        if not self.groups.names or not self.asking.person:
            return frozenset()
        more = (self.own > 0) & (self.persons > self.shop)
        return frozenset(self.groups.names[place] for place in np.flatnonzero(more).tolist())

    def top(self, name: str, limit: int) -> tuple[Candidate, ...]:
        """Return up to `limit` candidates of the group, best first for this person; () for one that is unknown.

        Ask for more than will be shown: what is sold out falls away at render.
        """
        if name not in self.groups.names:
            return ()
        inside = self.groups.of_item == self.groups.names.index(name)
        return of_category(self.asking, self.asking.allowed & inside, limit)


def _sums(group: Int, weight: Float, size: int) -> Double:
    return np.bincount(group, weights=weight, minlength=size).astype(np.float64)


def _taste(asking: Asking, groups: Groups) -> Float:
    """Return per group the mean standardised factor score of its best items; zeros where there are no factors."""
    model = asking.model
    taste = np.zeros(len(groups.names), dtype=np.float32)
    if "factors" not in model.rungs or not model.vectors.shape[1]:
        return taste
    expected = asking.scored["factors"].standard
    for group, places in enumerate(_shelves(model, groups)):
        if len(places):
            mine = expected[places]
            best = min(BEST, len(mine))
            taste[group] = float(np.sort(np.partition(mine, len(mine) - best)[len(mine) - best :]).mean())
    return taste


_shelved: WeakKeyDictionary[Model, dict[str, list[Int]]] = WeakKeyDictionary()


def _shelves(model: Model, groups: Groups) -> list[Int]:
    """Return the places of each group's listed items; once per model."""
    kept = _shelved.setdefault(model, {})
    if groups.kind not in kept:
        group = np.where(model.listed, groups.of_item, -1)
        order = np.argsort(group, kind="stable")
        bounds = np.searchsorted(group[order], np.arange(len(groups.names) + 1))
        kept[groups.kind] = [order[start:end].astype(np.int32) for start, end in pairwise(bounds.tolist())]
    return kept[groups.kind]
