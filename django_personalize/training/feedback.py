"""What came of what was shown: impressions, clicks and dismissals, read in bulk, as of any moment.

What was seen and clicked says how much each item is liked (`training.clicks`), and nothing of who saw it. What known
people turned down is kept from them in a window of the past as a page would have kept it.
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
    """Impressions by time, and dismissals by time; the columns of each have equal length. Lives in memory only."""

    item_keys: tuple[str, ...]
    person_keys: tuple[str, ...]
    """Sorted, both; `dismisser` indexes into these."""
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


class Gathering:
    """Collects decisions, then what was seen of them, then what was clicked, and dismissals."""

    def __init__(self) -> None:
        self._decisions: dict[UUID, tuple[int, list[float]]] = {}
        self._visitors: dict[UUID, int] = {}
        self._items: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._seen = (array("i"), array("i"), array("i"), array("d"), array("d"))
        self._row: dict[tuple[UUID, int], int] = {}
        self._clicked: dict[int, float] = {}
        self._dismissed = (array("i"), array("i"), array("d"), array("b"))

    def decided(self, decision: UUID, visitor: UUID, slots: Sequence[Mapping[str, Any]]) -> None:
        drawn = [float(slot.get("propensity", 1.0)) for slot in slots]
        self._decisions[decision] = self._visitors.setdefault(visitor, len(self._visitors)), drawn

    def seen(self, decision: UUID, slot: int, item_key: str, time: float) -> None:
        """Add an impression; ignored where its decision is not known."""
        found = self._decisions.get(decision)
        if found is None:
            return
        visitor, drawn = found
        self._row[decision, slot] = len(self._seen[0])
        visitors, items, slots, propensities, times = self._seen
        visitors.append(visitor)
        items.append(self._items.setdefault(item_key, len(self._items)))
        slots.append(slot)
        propensities.append(drawn[slot - 1] if 0 < slot <= len(drawn) else 1.0)
        times.append(time)

    def clicked(self, decision: UUID, slot: int, time: float) -> None:
        """Add a click: of several of one slot the first counts, and without its impression none does."""
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
        visitor, item, slot, propensity, time = (np.array(column) for column in self._seen)
        clicked = np.full(len(time), np.inf)
        clicked[list(self._clicked)] = list(self._clicked.values())
        item = _moved(item, item_rank)
        order = np.lexsort((clicked, item, slot, time))
        week = ((as_of - time) // WEEK).astype(np.int64)
        usual = np.ones(len(time), dtype=bool)
        usual[order] = within(
            visitor[order].astype(np.int64), item[order].astype(np.int64), (week - week.min(initial=0))[order]
        )
        dismisser, dismissed, dismissed_at, silenced = (np.array(column) for column in self._dismissed)
        return Feedback(
            item_keys=item_keys,
            person_keys=person_keys,
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
    """Return the sorted places of codes of first sight."""
    return rank[codes.astype(np.int64)]


def nothing(as_of: float = 0.0) -> Feedback:
    return Gathering().finish(as_of)


def load(as_of: datetime) -> Feedback:
    """Read what came of the newest `NEWEST` decisions of the `OLDEST` days before `as_of`, and the dismissals of that
    time, in four streamed queries, one for who grants `personalization` and one for who is staff, who are left out.

    Of visitors who grant `personalization` or `analytics` now; no impression says whose it was. Dismissals are those of
    people who grant `personalization`.
    """
    staff, people = staff_keys(), known_people()
    yes = Visitor.objects.granting(Purpose.PERSONALIZATION) | Visitor.objects.granting(Purpose.ANALYTICS)
    since = as_of - OLDEST
    gathering = Gathering()
    made = Decision.objects.filter(visitor__in=yes.values("pk"), decided_at__gte=since, decided_at__lte=as_of)
    newest = made.order_by("-decided_at", "-pk")[:NEWEST]
    rows = newest.values_list("pk", "visitor_id", "visitor__user_key", "slots")
    for pk, visitor, user_key, slots in rows.iterator(chunk_size=20_000):
        if f"user:{user_key}" not in staff:
            gathering.decided(pk, visitor, slots)
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
        "item", "slot", "propensity", "time", "clicked",
        "dismisser", "dismissed", "dismissed_at", "silenced",
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(getattr(feedback, name)).tobytes())
    return digest.hexdigest()
