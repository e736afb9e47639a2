"""Held-out time: who was known before a cut and bought in the window after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Double, Int
from django_personalize.recommend.profile import LONGEST, Profile, weigh
from django_personalize.training.browsing import GAP
from django_personalize.training.dataset import Orders, before
from django_personalize.training.feedback import Feedback
from django_personalize.training.feedback import nothing as no_feedback
from django_personalize.training.looks import Looks
from django_personalize.training.looks import nothing as no_looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """One person as a page met them: what they had bought and looked at by then and what they bought after it; items
    index `Held.item_keys`.
    """

    item: Int
    age: Double
    """Days before the moment, per row of `item`."""
    truth: frozenset[int]
    hidden: bool = False
    """Whether what is known must not be shown: so for half a basket that stands in for a person."""
    moment: float | None = None
    """When they were asked about; None where that is the cut."""
    looked: Int = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    looked_age: Double = field(default_factory=lambda: np.empty(0))
    """Days before the moment, per row of `looked`."""
    dismissed: frozenset[int] = frozenset()
    """What they had asked not to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The window after one cut."""

    cut: float
    item_keys: tuple[str, ...]
    """Every item of the orders, also those that were unknown before the cut, and then those only looked at."""
    shoppers: tuple[Shopper, ...]


def hold(orders: Orders, cut: float, days: float, looks: Looks | None = None, shown: Feedback | None = None) -> Held:
    """Return the people who were known before `cut` and bought within `days` after it, in key order.

    Their past is netted as it was known at the cut; what they bought counts net of what was known when the window
    ended: what came back later is for the next window to know. Of what they looked at, and turned down of what was
    `shown`, they bring what was before their moment (`_moment`), which is never later than their first order in it.
    """
    past, whole = before(orders, cut), before(orders, cut + days * DAY)
    looks, shown = no_looks() if looks is None else looks, no_feedback() if shown is None else shown
    pasts = _Pasts(orders.item_keys, looks, shown)
    past_items = pasts.places(past.item_keys)
    whole_items = pasts.places(whole.item_keys)
    after = (whole.time >= cut) & (whole.time < cut + days * DAY) & (whole.person >= 0)
    truth: dict[str, set[int]] = {}
    first: dict[str, float] = {}
    for person, item, at in zip(
        whole.person[after].tolist(), whole_items[whole.item[after]].tolist(), whole.time[after].tolist(), strict=True
    ):
        truth.setdefault(whole.person_keys[person], set()).add(item)
        first.setdefault(whole.person_keys[person], at)  # rows are in order of time
    shoppers = []
    order = np.argsort(past.person, kind="stable")
    starts = np.searchsorted(past.person[order], np.arange(len(past.person_keys) + 1))
    for person, key in enumerate(past.person_keys):
        if key in truth:
            rows = order[starts[person] : starts[person + 1]]
            item = past_items[past.item[rows]].astype(np.int32)
            shoppers.append(pasts.shopper(key, item, past.time[rows], frozenset(truth[key]), cut, first[key]))
    return Held(cut=cut, item_keys=tuple(pasts.place), shoppers=tuple(shoppers))


class _Pasts:
    """What people did beside buying, as it was known at any moment."""

    def __init__(self, item_keys: Sequence[str], looks: Looks, shown: Feedback) -> None:
        self.place = {key: i for i, key in enumerate(item_keys)}
        for key in (*looks.item_keys, *shown.item_keys):
            self.place.setdefault(key, len(self.place))
        self._looks = looks
        self._look_items = self.places(looks.item_keys)
        self._looks_of = looks.of()
        self._dismissals: dict[str, list[tuple[str, float, bool]]] = {}
        for person, item, at, silenced in zip(
            shown.dismisser.tolist(),
            shown.dismissed.tolist(),
            shown.dismissed_at.tolist(),
            shown.silenced.tolist(),
            strict=True,
        ):
            told = self._dismissals.setdefault(shown.person_keys[person], [])
            told.append((shown.item_keys[item], at, silenced))

    def places(self, keys: Sequence[str]) -> NDArray[np.int64]:
        return _places(keys, self.place)

    def shopper(
        self, key: str, item: Int, time: Double, truth: frozenset[int], cut: float, first_order: float
    ) -> Shopper:
        """Return the person who had bought `item` at `time` before `cut`, and next did so at `first_order`."""
        rows = self._looks_of.get(key, slice(0, 0))
        at, viewed = self._looks.time[rows], self._looks.viewed[rows]
        looked = self._look_items[self._looks.item[rows]].astype(np.int32) if len(at) else np.empty(0, dtype=np.int32)
        moment = _moment(at[viewed], cut, first_order)
        known = at < moment
        at, viewed, looked = at[known], viewed[known], looked[known]
        kept, seen = np.ones(len(item), dtype=bool), viewed.copy()
        dismissed = set()
        for name, when, silenced in self._dismissals.get(key, ()):
            if when >= moment:
                continue
            one = self.place[name]
            if not (time[item == one] > when).any():
                dismissed.add(one)
            if silenced:
                kept &= (item != one) | (time > when)
                seen &= (looked != one) | (at > when)
        return Shopper(
            item=item[kept],
            age=(moment - time[kept]) / DAY,
            truth=truth,
            moment=moment,
            looked=looked[seen],
            looked_age=(moment - at[seen]) / DAY,
            dismissed=frozenset(dismissed),
        )


def _moment(views: Double, cut: float, first_order: float) -> float:
    """Return when a person is asked about: as the visit begins in which they last looked around before `first_order`,
    and of which nothing is known yet; at `cut` where they did not.
    """
    between = views[(views >= cut) & (views < first_order)]
    if not len(between):
        return cut
    rests = np.flatnonzero(np.diff(between) > GAP)
    return float(between[rests[-1] + 1 if len(rests) else 0])


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
        person = _profile(model, shopper, held.cut, places)
        truth = frozenset(places[list(shopper.truth)].tolist())
        dismissed = places[list(shopper.dismissed)] if shopper.dismissed else np.empty(0, dtype=np.int64)
        owned = places[shopper.item] if shopper.hidden or new else np.empty(0, dtype=np.int64)
        barred = np.concatenate([owned, dismissed])
        allowed = None
        if len(barred):
            allowed = np.ones(len(model.item_keys), dtype=bool)
            allowed[barred[barred >= 0]] = False
        truth -= frozenset(owned.tolist())
        if truth:
            yield Asked(person=person, truth=truth, allowed=allowed)


def _profile(model: Model, shopper: Shopper, cut: float, places: NDArray[np.int64]) -> Profile:
    """Return what `recommend.profile.profile` would have made of the shopper's history at their moment."""
    age = np.concatenate([shopper.age, shopper.looked_age])
    bought = np.arange(len(age)) < len(shopper.age)
    item = places[np.concatenate([shopper.item, shopper.looked])]
    newest = np.argsort(age, kind="stable")[:LONGEST]
    newest = newest[item[newest] >= 0]
    item, bought, age = item[newest].astype(np.int32), bought[newest], age[newest]
    # Half a basket is of this moment: whoever brings it was not there when the model learnt.
    moment = cut if shopper.moment is None else shopper.moment
    seen = np.zeros(len(age), dtype=bool) if shopper.hidden else moment - age * DAY <= model.as_of
    # Nor has it an order in which it was touched.
    latest = None if shopper.hidden else np.array(list(dict.fromkeys(item.tolist())), dtype=np.int32)
    return weigh(model, item, bought, age, seen=seen, latest=latest)
