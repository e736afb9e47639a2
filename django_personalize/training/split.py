"""Held-out time: who was known before a cut and bought in the window after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Double, Int
from django_personalize.recommend.profile import Profile, weigh
from django_personalize.training.dataset import Orders, before


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """One person at a cut: what they had bought by then and what they bought after it; items index `Held.item_keys`."""

    item: Int
    age: Double
    """Days before the cut, per row of `item`."""
    truth: frozenset[int]
    hidden: bool = False
    """Whether what is known must not be shown: so for half a basket that stands in for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The window after one cut."""

    cut: float
    item_keys: tuple[str, ...]
    """Every item of the orders, also those that were unknown before the cut."""
    shoppers: tuple[Shopper, ...]


def hold(orders: Orders, cut: float, days: float) -> Held:
    """Return the people who were known before `cut` and bought within `days` after it, in key order.

    Their past is netted as it was known at the cut; what they bought counts net of what was known when the window
    ended: what came back later is for the next window to know.
    """
    past, whole = before(orders, cut), before(orders, cut + days * DAY)
    place = {key: i for i, key in enumerate(orders.item_keys)}
    past_items = _places(past.item_keys, place)
    whole_items = _places(whole.item_keys, place)
    after = (whole.time >= cut) & (whole.time < cut + days * DAY) & (whole.person >= 0)
    truth: dict[str, set[int]] = {}
    for person, item in zip(whole.person[after].tolist(), whole_items[whole.item[after]].tolist(), strict=True):
        truth.setdefault(whole.person_keys[person], set()).add(item)
    shoppers = []
    order = np.argsort(past.person, kind="stable")
    starts = np.searchsorted(past.person[order], np.arange(len(past.person_keys) + 1))
    for person, key in enumerate(past.person_keys):
        if key in truth:
            rows = order[starts[person] : starts[person + 1]]
            age = (cut - past.time[rows]) / DAY
            shoppers.append(
                Shopper(item=past_items[past.item[rows]].astype(np.int32), age=age, truth=frozenset(truth[key]))
            )
    return Held(cut=cut, item_keys=orders.item_keys, shoppers=tuple(shoppers))


def hold_baskets(orders: Orders, cut: float, days: float, *, most: int = 1_000) -> Held:
    """Return baskets of the window as stand-ins for people where too few are linked: half is known, the rest to be
    found.

    Every second item by key is known, as of that moment; at most `most` baskets, evenly spread over the window.
    """
    whole = before(orders, cut + days * DAY)
    place = {key: i for i, key in enumerate(orders.item_keys)}
    item = _places(whole.item_keys, place)[whole.item] if len(whole) else whole.item
    after = np.flatnonzero((whole.time >= cut) & (whole.time < cut + days * DAY))
    order = after[np.lexsort((item[after], whole.basket[after]))]
    _, first, size = np.unique(whole.basket[order], return_index=True, return_counts=True)
    wide = np.flatnonzero(size >= 2)
    wide = wide[:: max(1, -(-len(wide) // most))]
    shoppers = []
    for start, length in zip(first[wide].tolist(), size[wide].tolist(), strict=True):
        items = item[order[start : start + length]]
        known = items[::2].astype(np.int32)
        truth = frozenset(items[1::2].tolist())
        shoppers.append(Shopper(item=known, age=np.zeros(len(known)), truth=truth, hidden=True))
    return Held(cut=cut, item_keys=orders.item_keys, shoppers=tuple(shoppers))


def sample(held: Held, most: int, *, seed: int) -> Held:
    """Return at most `most` of the people, drawn by `seed` and in their order; all of them where they are no more."""
    if len(held.shoppers) <= most:
        return held
    chosen = np.random.default_rng(seed).choice(len(held.shoppers), most, replace=False)
    return replace(held, shoppers=tuple(held.shoppers[place] for place in np.sort(chosen).tolist()))


def _places(keys: Sequence[str], place: dict[str, int]) -> NDArray[np.int64]:
    return np.array([place[key] for key in keys], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One shopper in a model's own places."""

    person: Profile
    truth: frozenset[int]
    """An item that the model has never heard of has a place below zero: it was bought and cannot be found."""
    allowed: NDArray[np.bool_] | None
    """None where everything may be shown."""


def asked(held: Held, model: Model, *, new: bool = False) -> Iterator[Asked]:
    """Yield each shopper's profile and truth over the model's items.

    With `new` only items that they had not bought before count and may be shown; who bought none of these is left out.
    """
    places = np.array([model.index.get(key, -1 - i) for i, key in enumerate(held.item_keys)], dtype=np.int64)
    for shopper in held.shoppers:
        item = places[shopper.item]
        known = item >= 0
        bought = np.ones(int(known.sum()), dtype=bool)
        # Half a basket is of this moment: whoever brings it was not there when the model learnt.
        seen = np.zeros(len(bought), dtype=bool) if shopper.hidden else None
        person = weigh(model, item[known].astype(np.int32), bought, shopper.age[known], seen=seen)
        allowed = None
        truth = frozenset(places[list(shopper.truth)].tolist())
        if shopper.hidden or new:
            allowed = np.ones(len(model.item_keys), dtype=bool)
            allowed[person.item] = False
            truth -= frozenset(item.tolist())
        if truth:
            yield Asked(person=person, truth=truth, allowed=allowed)
