"""What visits looked at, item after item, for the learner: sessions that name nobody."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np

from django_personalize.core.arrays import Double, Int
from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import ADD_TO_CART, ADD_TO_WISHLIST, SELECT_ITEM, VIEW_ITEM
from django_personalize.models import Event, Visitor
from django_personalize.training.damping import WEEK, within
from django_personalize.training.dataset import known_people, ranked, staff_keys
from django_personalize.training.looks import Looks
from django_personalize.training.looks import nothing as no_looks

KINDS = (VIEW_ITEM, SELECT_ITEM, ADD_TO_CART, ADD_TO_WISHLIST)
NEWEST = 2_000_000
"""Rows that are read, the newest ones: 32 MB of columns, and older ones fade out of what is learnt anyway."""
GAP = 30 * 60.0
"""Seconds without a look that end a session."""
LONGEST = 200
"""Looks of one session that count, the first ones: nobody looks at more in one sitting, a machine does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsing:
    """One row per look at an item; the columns have equal length and are sorted by (session, time).

    A session holds at least two rows, and never the same item in two that follow one another.
    """

    item_keys: tuple[str, ...]
    """Sorted; `item` indexes into it."""
    session: Int
    """0-based, in order of their first looks. What one visitor did at another time is another session."""
    item: Int
    time: Double
    """Seconds since the epoch."""
    as_of: float
    looks: Looks = field(default_factory=no_looks)
    """What those of them who may be known looked at, lone looks too; no session can be told in it."""

    def __len__(self) -> int:
        return len(self.item)


class Gathering:
    """Collects looks, newest first, into compact columns; `finish` makes sessions of them and forgets whose they are.

    Visitors are numbered by first sight, so that neither their keys nor anybody who is gone moves the others' sessions.
    """

    def __init__(self) -> None:
        self._visitors: dict[UUID, int] = {}
        self._items: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._columns = (array("i"), array("i"), array("d"))
        self._known = (array("i"), array("b"))

    def looked(self, visitor: UUID, item_key: str, time: float, person_key: str = "", viewed: bool = True) -> None:
        """Add one look, no newer than the one before it; `person_key` where it may be known whose it is."""
        visitors, items, times = self._columns
        visitors.append(self._visitors.setdefault(visitor, len(self._visitors)))
        items.append(self._items.setdefault(item_key, len(self._items)))
        times.append(time)
        people, views = self._known
        people.append(self._people.setdefault(person_key, len(self._people)) if person_key else -1)
        views.append(viewed)

    def finish(self, as_of: float) -> Browsing:
        item_keys, rank = ranked(self._items)
        visitor, item, time = (np.array(column)[::-1] for column in self._columns)
        item = rank[item] if len(item) else item
        looks = self._looks(item_keys, item, time)
        by_visitor = np.argsort(visitor, kind="stable")
        visitor, item, time = visitor[by_visitor], item[by_visitor], time[by_visitor]
        starts = (np.diff(visitor, prepend=-1) != 0) | (np.diff(time, prepend=-np.inf) > GAP)
        session = np.cumsum(starts) - 1
        by_start = np.argsort(time[starts], kind="stable")
        place = np.empty(len(by_start), dtype=np.int64)
        place[by_start] = np.arange(len(by_start))
        order = np.argsort(place[session], kind="stable")
        kept = order[_usual(visitor[order], place[session][order], item[order], time[order], as_of)]
        return _sessions(item_keys, place[session][kept], item[kept], time[kept], as_of, looks)

    def _looks(self, item_keys: tuple[str, ...], item: Int, time: Double) -> Looks:
        person_keys, rank = ranked(self._people)
        person, viewed = (np.array(column)[::-1] for column in self._known)
        known = np.flatnonzero(person >= 0)
        person = rank[person[known]] if len(known) else person[known]
        order = np.argsort(person, kind="stable")
        rows = known[order]
        return Looks(
            item_keys=item_keys,
            person_keys=person_keys,
            person=person[order].astype(np.int32),
            item=item[rows].astype(np.int32),
            time=time[rows].astype(np.float64),
            viewed=viewed[rows].astype(bool),
        )


def _usual(visitor: Int, session: Int, item: Int, time: Double, as_of: float) -> np.ndarray:
    """Return the rows, sorted by session, without an item in more sessions of one visitor's week than is usual."""
    if not len(item):
        return np.ones(0, dtype=bool)
    code = session * np.int64(int(item.max()) + 1) + item
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    week = ((as_of - time[first]) // WEEK).astype(np.int64)
    kept: np.ndarray = within(visitor[first].astype(np.int64), item[first].astype(np.int64), week - week.min())[place]
    return kept


def _sessions(
    item_keys: tuple[str, ...], session: Int, item: Int, time: Double, as_of: float, looks: Looks
) -> Browsing:
    """Return rows sorted by (session, time) without repeats, without what is too long and without lone items."""
    moved = (np.diff(session, prepend=-1) != 0) | (np.diff(item, prepend=-1) != 0)
    session, item, time = session[moved], item[moved], time[moved]
    _, first, size = np.unique(session, return_index=True, return_counts=True)
    position = np.arange(len(session)) - np.repeat(first, size)
    kept = (position < LONGEST) & (np.repeat(size, size) > 1)
    items, place = np.unique(item[kept], return_inverse=True)
    _, number = np.unique(session[kept], return_inverse=True)
    return Browsing(
        item_keys=tuple(item_keys[i] for i in items),
        session=number.astype(np.int32),
        item=place.astype(np.int32),
        time=time[kept],
        as_of=as_of,
        looks=looks,
    )


def load(as_of: datetime) -> Browsing:
    """Read what was looked at up to `as_of` by visitors who grant `personalization` or `analytics` now, in one streamed
    query of the newest `NEWEST` rows, one for who grants `personalization`, and one for who is staff, whose browsing is
    left out.

    A session is one browser's: visitors of one account look at different things, and are one person in `looks`. What
    one visitor looked at in unusually many sessions of a week is thinned (`training.damping`).
    """
    staff, people = staff_keys(), known_people()
    yes = Visitor.objects.granting(Purpose.PERSONALIZATION) | Visitor.objects.granting(Purpose.ANALYTICS)
    rows = (
        Event.objects.filter(kind__in=KINDS, occurred_at__lte=as_of, visitor__in=yes.values("pk"))
        .exclude(item_key="")
        .order_by("-occurred_at", "-pk")
        .values_list("visitor_id", "visitor__user_key", "item_key", "occurred_at", "kind")[:NEWEST]
    )
    gathering = Gathering()
    for visitor, user_key, item_key, at, kind in rows.iterator(chunk_size=20_000):
        if visitor is not None and f"user:{user_key}" not in staff:
            gathering.looked(visitor, item_key, at.timestamp(), people.get(visitor, ""), kind == VIEW_ITEM)
    return gathering.finish(as_of.timestamp())


def nothing(as_of: float = 0.0) -> Browsing:
    return Gathering().finish(as_of)


def before(browsing: Browsing, cut: float) -> Browsing:
    """Return what was looked at before `cut`, sessions that went on after it up to there."""
    return _some(browsing, browsing.time < cut, cut)


def among(browsing: Browsing, item_keys: Container[str]) -> Browsing:
    """Return the sessions over `item_keys` alone, as though nothing else could be looked at."""
    known = np.array([key in item_keys for key in browsing.item_keys], dtype=bool)
    return _some(browsing, known[browsing.item], browsing.as_of)


def _some(browsing: Browsing, rows: np.ndarray, as_of: float) -> Browsing:
    session, item, time = browsing.session[rows], browsing.item[rows], browsing.time[rows]
    return _sessions(browsing.item_keys, session, item, time, as_of, browsing.looks)


def fingerprint(of_orders: str, browsing: Browsing) -> str:
    """Return the sha256 of the training rows with those of the orders, whose own it is where nothing was looked at."""
    looks = browsing.looks
    if not len(browsing) and not len(looks):
        return of_orders
    digest = hashlib.sha256("\0".join((of_orders, *browsing.item_keys, *looks.item_keys)).encode())
    for column in (browsing.session, browsing.item, browsing.time, looks.person, looks.item, looks.time, looks.viewed):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
