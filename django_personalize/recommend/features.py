"""What the ranker sees. The same lines serve a request and build the training rows, so the two can never drift apart.

Rules against leaks: every statistic is the model's, from before its cut; a score of a sparse generator that is zero has
no rank; equal scores share a rank, so that no rank can spell out an item's place in the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.recommend.fold_in import fold, spread, standardised
from django_personalize.recommend.generators import GENERATORS, SPARSE, als_of_all, top
from django_personalize.recommend.profile import Profile

DEPTH = 60
"""Candidates taken from each generator."""
DEEP = 100
"""As many are looked for, so that what a page may not show can be left out without looking again."""
NAMES = (
    *(f"{name}:{part}" for name in GENERATORS for part in ("score", "rank")),
    "popularity:2d",
    "popularity:60d",
    "momentum",
    "sold:7d",
    "sold:30d",
    "sold:90d",
    "idle",
    "age",
    "price",
    "repeat",
    "basket",
    "price:distance",
    "own:bought",
    "own:count",
    "own:since",
    "own:fresh",
    "own:rate",
    "category",
    "basket:distance",
    "person:items",
    "person:orders",
    "person:since",
    "person:basket",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What one generator says of all items to one person."""

    raw: Float
    middle: np.float32
    deviation: np.float32
    """0 where all scores are equal."""
    deep: Int
    """The best `DEEP` of the listed items, best first."""

    @property
    def best(self) -> Int:
        """The best `DEPTH` of the listed items, best first."""
        return self.deep[:DEPTH]

    def standard(self, item: Int) -> Float:
        """Return the standardised scores of these items, as though of all."""
        if not self.deviation:
            return np.zeros(len(item), dtype=np.float32)
        centred: Float = self.raw[item] - self.middle
        centred /= self.deviation
        return centred


Scored = Mapping[str, Scores]
"""What every generator says to one person: the costly part, which all rows of a page share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The candidates of one query and their features."""

    item: Int
    """(candidates,) ascending."""
    features: Float
    """(candidates, features) in the order of `NAMES`."""
    scores: dict[str, Float]
    """Each generator's raw scores over all items."""


_columns: WeakKeyDictionary[Model, Float] = WeakKeyDictionary()


def item_columns(model: Model) -> Float:
    """Return the features that depend on the item alone, (items, 11): `popularity:2d` .. `basket`; once per model."""
    found = _columns.get(model)
    if found is None:
        found = _columns[model] = _item_columns(model)
    return found


def _item_columns(model: Model) -> Float:
    rate = model.popularity
    sold = model.sold
    return np.column_stack(
        [
            standardised(rate[:, 0]),
            standardised(rate[:, 2]),
            standardised(rate[:, 1] - rate[:, 2]),
            standardised(sold[:, 0]),
            standardised(sold[:, 1]),
            standardised(sold[:, 2]),
            model.idle / np.float32(30.0),
            model.age / np.float32(365.0),
            np.log(np.where(model.price > 0, model.price, np.float32(1.0))),
            model.repeat,
            model.basket,
        ]
    ).astype(np.float32)


_popular: WeakKeyDictionary[Model, Scores] = WeakKeyDictionary()


def scored(model: Model, people: Sequence[Profile]) -> list[Scored]:
    """Ask every generator about each of `people`; what is popular is worked out once per model."""
    popular = _popular.get(model)
    if popular is None:
        popular = _popular[model] = _scores(model, "popular", model.popularity[:, 1])
    known = [place for place, person in enumerate(people) if person] if model.vectors.shape[1] else []
    folded = dict(zip(known, fold(model, [people[place] for place in known]) if known else (), strict=True))
    several = [place for place, person in enumerate(people) if person] if len(people) > 1 else []
    solved = dict(zip(several, als_of_all(model, [people[place] for place in several]), strict=True))
    nothing = np.zeros(len(model.item_keys), dtype=np.float32)
    found: list[Scored] = []
    for place, person in enumerate(people):
        said = {}
        for name, generator in GENERATORS.items():
            if name == "popular":
                said[name] = popular
            elif name == "factors":
                said[name] = _scores(model, name, folded.get(place, nothing))
            elif name == "als" and place in solved:
                said[name] = _scores(model, name, solved[place])
            else:
                said[name] = _scores(model, name, generator(model, person))
        found.append(said)
    return found


def _scores(model: Model, name: str, values: Float) -> Scores:
    if name in SPARSE:
        told = np.flatnonzero(values != 0).astype(np.int32)
        found = values[told]
        total = float(found.sum(dtype=np.float64)) / max(len(values), 1)
        varies = float(np.square(found, dtype=np.float64).sum()) / max(len(values), 1) - total**2
        middle, deviation = np.float32(total), np.float32(max(varies, 0.0) ** 0.5)
        told = told[model.listed[told]]
        deep = told[top(values[told], DEEP, positive=True)]
    else:
        middle, deviation = spread(values)
        deep = top(np.where(model.listed, values, np.float32(-np.inf)), DEEP)
    return Scores(raw=values, middle=middle, deviation=deviation, deep=deep)


def rows(
    model: Model, person: Profile, *, allowed: NDArray[np.bool_] | None = None, given: Scored | None = None
) -> Rows:
    """Return the union of every generator's best `DEPTH` among listed items, with features.

    `allowed` (items,) narrows the candidates (a category, what the page shows already) but no item's features.
    `given` is what `scored` said of this person, where it is known already.
    """
    static = item_columns(model)
    said = scored(model, [person])[0] if given is None else given
    shown = model.listed if allowed is None else model.listed & allowed
    places: Int | None = None
    chosen: list[Int] = []
    for name, scores in said.items():
        positive = name in SPARSE
        if not positive and not scores.raw.any():
            continue
        left = scores.deep[shown[scores.deep]]
        if len(left) >= DEPTH or len(scores.deep) < DEEP:
            chosen.append(left[:DEPTH])
        else:
            places = np.flatnonzero(shown).astype(np.int32) if places is None else places
            chosen.append(places[top(scores.raw[places], DEPTH, positive=positive)])
    item = np.unique(np.concatenate(chosen))
    table = np.zeros((len(item), len(NAMES)), dtype=np.float32)
    for place, scores in enumerate(said.values()):
        table[:, 2 * place] = scores.standard(item)
        if len(scores.best):
            at = np.minimum(np.searchsorted(item, scores.best), len(item) - 1)
            there = item[at] == scores.best  # not what is among the best and may not be shown
            table[at[there], 2 * place + 1] = _reciprocal(scores.raw[scores.best])[there]
    column = 2 * len(said)
    table[:, column : column + static.shape[1]] = static[item]
    _mine(table[:, column + static.shape[1] :], item, model, person)
    return Rows(item=item, features=table, scores={name: scores.raw for name, scores in said.items()})


def _reciprocal(ordered: Float) -> Float:
    """Return 1 / rank of scores that fall from the first to the last; equal scores share the better rank."""
    ranks: Float = (1.0 / (1.0 + np.searchsorted(-ordered, -ordered, side="left"))).astype(np.float32)
    return ranks


def _mine(table: Float, item: Int, model: Model, person: Profile) -> None:
    """Fill the columns `price:distance` .. `person:basket`: what ties these items to this person, and who that is."""
    if not person:
        return
    price = model.price[item]
    if np.isfinite(person.price) and person.price > 0:
        known = np.isfinite(price) & (price > 0)
        table[known, 0] = np.abs(np.log(price[known] / np.float32(person.price)))
    place = np.minimum(np.searchsorted(person.item, item), len(person.item) - 1)
    mine = (person.item[place] == item) & (person.count[place] > 0)
    owned = place[mine]
    table[mine, 1] = 1.0
    table[mine, 2] = person.count[owned]
    table[mine, 3] = person.since[owned] / np.float32(30.0)
    table[mine, 4] = np.exp2(-person.since[owned] / np.float32(30.0))
    orders = np.float32(max(person.orders, 1.0))
    table[mine, 5] = person.count[owned] / orders
    table[:, 6] = _affinity(model, person)[model.item_category[item]]
    lines = np.log(np.maximum(person.count.sum() / orders, np.float32(1.0)))
    table[:, 7] = np.where(model.basket[item] > 0, model.basket[item] - lines, np.float32(0.0))
    table[:, 8] = np.log1p(np.float32(len(person.item)))
    table[:, 9] = np.log1p(np.float32(person.orders))
    table[:, 10] = (person.since[person.bought].min() if person.bought.any() else 0.0) / np.float32(30.0)
    table[:, 11] = lines


def _affinity(model: Model, person: Profile) -> Float:
    """Return the share of this person's recent history per category, and a last 0 for the items without one."""
    category = model.item_category[person.item]
    named = category >= 0
    held = np.bincount(category[named], weights=person.near[named], minlength=len(model.categories) + 1)
    shares: Float = (held / max(float(person.near.sum()), 1e-9)).astype(np.float32)
    return shares
