"""What came of what was shown: impressions, clicks and dismissals, read in bulk, as of any moment.

Of people it is known what they were shown of late and passed over, and what they asked not to see, so that the windows
that teach ask what a page would have asked. Of items see `training.clicks`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Double, Float, Int
from django_personalize.core.types import Purpose
from django_personalize.events.history import DECISIONS, IN_VAIN
from django_personalize.events.vocabulary import DISMISS, HAVE_IT, SELECT_ITEM
from django_personalize.models import Decision, Event, Impression, Visitor
from django_personalize.training.damping import WEEK, within
from django_personalize.training.dataset import known_people, ranked, staff_keys

NEWEST = 200_000
"""Decisions that are read, the newest ones."""
OLDEST = timedelta(days=120)
"""No window that teaches looks further back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Impressions by time, and dismissals; the columns of each have equal length. Lives in memory only."""

    item_keys: tuple[str, ...]
    person_keys: tuple[str, ...]
    """Sorted, both; people who grant `personalization`."""
    person: Int
    """-1 where a visitor's yes to `analytics` alone lets them be counted."""
    decision: Int
    """Numbered in the order in which they were made."""
    item: Int
    slot: Int
    propensity: Float
    """With which it was shown; 1 where nothing was random."""
    time: Double
    clicked: Double
    """When it was clicked; infinite where it was not."""
    usual: NDArray[np.bool_]
    """Whether one browser was not shown the item in unusually many places of a week."""
    dismisser: Int
    dismissed: Int
    dismissed_at: Double
    silenced: NDArray[np.bool_]
    """Whether what they did with the item before says no more of them."""
    as_of: float

    def __len__(self) -> int:
        return len(self.item)


@dataclass(slots=True)
class _Shown:
    number: int
    visitor: int
    person: str
    slots: Sequence[Mapping[str, Any]]


class Gathering:
    """Collects decisions in order of time, then what was seen and clicked of them, and dismissals."""

    def __init__(self) -> None:
        self._decisions: dict[UUID, _Shown] = {}
        self._visitors: dict[UUID, int] = {}
        self._items: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._seen = (array("i"), array("i"), array("i"), array("i"), array("i"), array("d"), array("d"))
        self._row: dict[tuple[UUID, int], int] = {}
        self._clicked: dict[int, float] = {}
        self._dismissed = (array("i"), array("i"), array("d"), array("b"))

    def decided(self, decision: UUID, visitor: UUID, person_key: str, slots: Sequence[Mapping[str, Any]]) -> None:
        """Add a decision, no earlier than the one before it; `person_key` is empty where they may only be counted."""
        who = self._visitors.setdefault(visitor, len(self._visitors))
        self._decisions[decision] = _Shown(len(self._decisions), who, person_key, slots)

    def seen(self, decision: UUID, slot: int, item_key: str, time: float) -> None:
        """Add an impression; ignored where its decision is not known."""
        shown = self._decisions.get(decision)
        if shown is None:
            return
        drawn = shown.slots[slot - 1].get("propensity", 1.0) if 0 < slot <= len(shown.slots) else 1.0
        self._row[decision, slot] = len(self._seen[0])
        person = self._people.setdefault(shown.person, len(self._people)) if shown.person else -1
        item = self._items.setdefault(item_key, len(self._items))
        visitors, people, decisions, items, slots, propensities, times = self._seen
        visitors.append(shown.visitor)
        people.append(person)
        decisions.append(shown.number)
        items.append(item)
        slots.append(slot)
        propensities.append(float(drawn))
        times.append(time)

    def clicked(self, decision: UUID, slot: int, time: float) -> None:
        """Add a click; the first one counts, and one without its impression is nobody's."""
        row = self._row.get((decision, slot))
        if row is not None:
            self._clicked[row] = min(time, self._clicked.get(row, np.inf))

    def dismissed(self, person_key: str, item_key: str, time: float, reason: str) -> None:
        people, items, times, silenced = self._dismissed
        people.append(self._people.setdefault(person_key, len(self._people)))
        items.append(self._items.setdefault(item_key, len(self._items)))
        times.append(time)
        silenced.append(reason != HAVE_IT)

    def finish(self, as_of: float) -> Feedback:
        item_keys, item_rank = ranked(self._items)
        person_keys, person_rank = ranked(self._people)
        visitor, person, decision, item, slot, propensity, time = (np.array(column) for column in self._seen)
        clicked = np.full(len(time), np.inf)
        clicked[list(self._clicked)] = list(self._clicked.values())
        order = np.lexsort((slot, decision, time))
        item = _moved(item, item_rank)
        week = ((as_of - time) // WEEK).astype(np.int64)
        usual = np.ones(len(time), dtype=bool)
        usual[order] = within(
            visitor[order].astype(np.int64), item[order].astype(np.int64), (week - week.min(initial=0))[order]
        )
        dismisser, dismissed, dismissed_at, silenced = (np.array(column) for column in self._dismissed)
        return Feedback(
            item_keys=item_keys,
            person_keys=person_keys,
            person=_moved(person, person_rank)[order],
            decision=decision[order].astype(np.int32),
            item=item[order],
            slot=slot[order].astype(np.int32),
            propensity=propensity[order].astype(np.float32),
            time=time[order].astype(np.float64),
            clicked=clicked[order],
            usual=usual[order],
            dismisser=_moved(dismisser, person_rank),
            dismissed=_moved(dismissed, item_rank),
            dismissed_at=dismissed_at.astype(np.float64),
            silenced=silenced.astype(bool),
            as_of=as_of,
        )


def _moved(codes: NDArray[Any], rank: Int) -> Int:
    """Return the sorted places of codes of first sight; -1 stays."""
    if not len(rank):
        return codes.astype(np.int32)
    return np.where(codes >= 0, rank[np.maximum(codes, 0)], -1).astype(np.int32)


def nothing(as_of: float = 0.0) -> Feedback:
    return Gathering().finish(as_of)


def load(as_of: datetime) -> Feedback:
    """Read what came of the newest `NEWEST` decisions of the `OLDEST` days before `as_of`, and the dismissals of that
    time, in four streamed queries, one for who grants `personalization` and one for who is staff, who are left out.

    Of visitors who grant `personalization` or `analytics` now; of the latter alone no row says whose it is. Dismissals
    are those of known people.
    """
    staff, people = staff_keys(), known_people()
    yes = Visitor.objects.granting(Purpose.PERSONALIZATION) | Visitor.objects.granting(Purpose.ANALYTICS)
    since = as_of - OLDEST
    gathering = Gathering()
    made = Decision.objects.filter(visitor__in=yes.values("pk"), decided_at__gte=since, decided_at__lte=as_of)
    newest = made.order_by("-decided_at", "-pk")[:NEWEST]
    rows = newest.values_list("pk", "visitor_id", "visitor__user_key", "slots")
    # Oldest first: numbers are in order of time.
    for pk, visitor, user_key, slots in reversed(list(rows.iterator(chunk_size=20_000))):
        if f"user:{user_key}" not in staff:
            gathering.decided(pk, visitor, people.get(visitor, ""), slots)
    seen = Impression.objects.filter(decision__visitor__in=yes.values("pk"), seen_at__gte=since, seen_at__lte=as_of)
    for decision, slot, item_key, at in (
        seen.order_by("seen_at", "pk").values_list("decision_id", "slot", "item_key", "seen_at").iterator(20_000)
    ):
        gathering.seen(decision, slot, item_key, at.timestamp())
    done = Event.objects.filter(visitor__in=yes.values("pk"), occurred_at__gte=since, occurred_at__lte=as_of)
    clicks = done.filter(kind=SELECT_ITEM, decision_id__isnull=False, index__isnull=False)
    for pressed, index, at in clicks.values_list("decision_id", "index", "occurred_at").iterator(20_000):
        if pressed is not None and index is not None:
            gathering.clicked(pressed, index, at.timestamp())
    turned_down = Event.objects.filter(kind=DISMISS, visitor__in=yes.values("pk"), occurred_at__lte=as_of)
    for visitor_id, item_key, at, reason in (
        turned_down.exclude(item_key="")
        .order_by("occurred_at", "pk")
        .values_list("visitor_id", "item_key", "occurred_at", "reason")
        .iterator(20_000)
    ):
        person = people.get(visitor_id, "") if visitor_id is not None else ""
        if person and person not in staff:
            gathering.dismissed(person, item_key, at.timestamp(), reason)
    return gathering.finish(as_of.timestamp())


def fingerprint(of_others: str, feedback: Feedback) -> str:
    """Return the sha256 of these rows with those of the others, whose own it is where nothing was shown."""
    if not len(feedback) and not len(feedback.dismissed):
        return of_others
    digest = hashlib.sha256("\0".join((of_others, *feedback.item_keys)).encode())
    for name in (
        "person", "decision", "item", "slot", "propensity", "time", "clicked",
        "dismisser", "dismissed", "dismissed_at", "silenced",
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(getattr(feedback, name)).tobytes())
    return digest.hexdigest()


def shown_to(feedback: Feedback) -> dict[str, NDArray[np.int64]]:
    """Return the rows of impressions of each known person, in order of time."""
    order = np.argsort(feedback.person, kind="stable")
    edges = np.searchsorted(feedback.person[order], np.arange(len(feedback.person_keys) + 1)).tolist()
    return {key: order[edges[place] : edges[place + 1]] for place, key in enumerate(feedback.person_keys)}


def in_vain(
    feedback: Feedback, rows: NDArray[np.int64], places: NDArray[np.int64], heeded: Mapping[int, float], moment: float
) -> dict[int, int]:
    """Return what `events.history.passed_over` would have told of a person at `moment`: by item, how often it was seen
    in the days before with nothing done about it since.

    `rows` are theirs, `places` says where each of `item_keys` stands for the caller, `heeded` by place when they last
    did something about it.
    """
    recent = rows[(feedback.time[rows] < moment) & (feedback.time[rows] >= moment - IN_VAIN.total_seconds())]
    if not len(recent):
        return {}
    decisions = np.unique(feedback.decision[recent])[-DECISIONS:]
    recent = recent[feedback.decision[recent] >= decisions[0]]
    times: dict[int, int] = {}
    for place, at in zip(places[feedback.item[recent]].tolist(), feedback.time[recent].tolist(), strict=True):
        if at > heeded.get(place, -np.inf):
            times[place] = times.get(place, 0) + 1
    return times
