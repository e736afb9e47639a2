"""What was acknowledged and cannot be stored is set aside, found one by one, and tried again on demand."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DataError, IntegrityError, transaction
from django.db.models import Count, QuerySet

from django_personalize.core import clock
from django_personalize.core.types import Draft
from django_personalize.events import intake
from django_personalize.events.deposit import UNKNOWN_DECISION, Deposited, deposit
from django_personalize.events.intake import EXPIRED, LOST, QUARANTINE_FULL, Outcome
from django_personalize.events.lines import Newer, Unreadable, decode, encode, facts_of
from django_personalize.models import Quarantined

logger = logging.getLogger("django_personalize.events")
POISON = (IntegrityError, DataError, ValueError, TypeError, OverflowError)
"""What the data itself is to blame for. All else is the database's fault, and the facts wait."""
NOT_STORABLE = "not_storable"
BAD_CHECKSUM = "bad_checksum"
REASONS = {
    NOT_STORABLE: "The database does not take it.",
    BAD_CHECKSUM: "The line is not what was written: the disk, or somebody, changed it.",
    "bad_field": "A value is none that its column holds.",
    "not_a_fact": "It is no fact of ours.",
    UNKNOWN_DECISION: "It is about a decision that has not arrived. Tried again for an hour.",
}
MOST = 100_000
"""Rows kept; what comes then is refused by name, so that nobody fills the database by forging."""
SHARE = 500
"""Rows kept of one visitor, so that nobody takes the room of all."""
TRIES = 5
"""How often, a minute apart, a decision is looked for; then once more at the end."""
AT_ONCE = 5_000
"""Rows that one round tries again."""
DECISIONS_TAKE = timedelta(hours=1)
"""How long a fact waits for the decision that it is about."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Carried:
    """A fact on its way in, with the line that it came in."""

    draft: Draft | None
    body: bytes
    facts: int
    reason: str = ""
    detail: str = ""

    @classmethod
    def read(cls, body: bytes, facts: int) -> Carried:
        """Return what the JSON of a line says; with a reason where it says nothing. Raises `Newer`."""
        try:
            return cls(decode(body), body, facts)
        except Unreadable as problem:
            return cls(None, body, facts, problem.reason, problem.detail)


def store(carried: Sequence[Carried], *, received_at: datetime, sink: str) -> Deposited:
    """Store what can be stored and set aside the rest; in one transaction, which may be the caller's.

    Returns how each fact ended; the caller counts them. What the data is not to blame for is raised.
    """
    done = Deposited()
    bad = [each for each in carried if each.draft is None]
    with transaction.atomic():
        bad += _split([each for each in carried if each.draft is not None], received_at, done)
        _set_aside(bad, received_at, sink, done)
    return done


def store_counted(carried: Sequence[Carried], *, received_at: datetime, sink: str) -> Deposited:
    """The same, with the ends counted, as having been received too: for a sink without a way that facts wait on."""
    with transaction.atomic():
        done = store(carried, received_at=received_at, sink=sink)
        received: Counter[tuple[str, str]] = Counter({(Outcome.RECEIVED, ""): sum(each.facts for each in carried)})
        intake.add(received_at.date(), sink, done.ends + received)
    return done


def _split(good: Sequence[Carried], received_at: datetime, done: Deposited) -> list[Carried]:
    """Store these, and return those that cannot be; one bad in a thousand costs twenty statements."""
    if not good:
        return []
    drafts = [each.draft for each in good if each.draft is not None]
    try:
        found = deposit(drafts, received_at=received_at)
    except POISON as error:
        if len(good) > 1:
            half = len(good) // 2
            return [
                *_split(good[:half], received_at, done),
                *_split(good[half:], received_at, done),
            ]
        [one] = good
        return [Carried(one.draft, one.body, one.facts, NOT_STORABLE, type(error).__name__)]
    done.ends += found.ends
    return [Carried(draft, encode(draft), facts_of(draft), UNKNOWN_DECISION) for draft in found.undecided]


def _set_aside(bad: Sequence[Carried], received_at: datetime, sink: str, done: Deposited) -> None:
    if not bad:
        return
    room = max(MOST - Quarantined.objects.count(), 0)
    kept: list[Carried] = []
    shares = _shares(bad)
    for each in bad:
        visitor = _visitor_of(each)
        if len(kept) < room and (visitor is None or shares[visitor] < SHARE):
            kept.append(each)
            shares[visitor] += 1
        else:
            done.add(Outcome.REFUSED, QUARANTINE_FULL, each.facts)
    Quarantined.objects.bulk_create(
        Quarantined(
            arrived_at=received_at,
            sink=sink,
            reason=each.reason,
            detail=each.detail[:300],
            payload=each.body or (encode(each.draft) if each.draft is not None else b""),
            facts=each.facts,
            visitor_id=_visitor_of(each),
        )
        for each in kept
    )
    for reason, count in Counter(each.reason for each in bad).items():
        if reason != UNKNOWN_DECISION:
            logger.warning("facts_quarantined", extra={"reason": reason, "count": count})


def _shares(bad: Sequence[Carried]) -> Counter[UUID | None]:
    """Return how many rows there are already about each visitor of these."""
    named = {visitor for each in bad if (visitor := _visitor_of(each)) is not None}
    if not named:
        return Counter()
    rows = Quarantined.objects.filter(visitor_id__in=named).values_list("visitor_id")
    return Counter(dict(rows.annotate(n=Count("pk"))))


def _visitor_of(carried: Carried) -> UUID | None:
    return getattr(carried.draft, "visitor_id", None)


@dataclass(slots=True)
class Replayed:
    tried: int = 0
    ended: int = 0
    """Facts that left quarantine: stored, there already, or of somebody who is gone."""


def replay(rows: Iterable[int], *, now: datetime | None = None) -> Replayed:
    """Try these rows again; what cannot be stored yet stays, with its tries counted."""
    done, moment = Replayed(), now or clock.now()
    ids = sorted(rows)
    for start in range(0, len(ids), BATCH):
        for pk in ids[start : start + BATCH]:
            with transaction.atomic():
                row = Quarantined.objects.select_for_update().filter(pk=pk).first()
                if row is not None:
                    done.tried += 1
                    done.ended += _again(row, moment)
    return done


def _again(row: Quarantined, now: datetime) -> int:
    """Try one row; return how many facts of it came to an end."""
    carried = None
    if row.reason != BAD_CHECKSUM:
        with suppress(Newer):  # set aside by a later version, before this one was put back
            carried = Carried.read(bytes(row.payload), row.facts)
    found = Deposited()
    if carried is not None and carried.draft is not None:
        try:
            found = deposit([carried.draft], received_at=row.arrived_at)
        except POISON:
            found = Deposited()
    if not found.ends:
        Quarantined.objects.filter(pk=row.pk).update(tries=row.tries + 1)
        return 0
    # A line that could not be read stands for those too that were missing before it.
    found.add(Outcome.REFUSED, LOST, max(row.facts - found.ends.total(), 0))
    intake.add(now.date(), row.sink, found.ends)
    row.delete()
    return row.facts


def replay_undecided() -> None:
    """Try again what waited for its decision; what waited for too long is refused by name."""
    rows = Quarantined.objects.filter(reason=UNKNOWN_DECISION)
    if not rows.exists():
        return
    replay(rows.filter(tries__lt=TRIES).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    late = rows.filter(arrived_at__lt=clock.now() - DECISIONS_TAKE).order_by("pk")[:AT_ONCE]
    replay([row.pk for row in late])
    expire(list(late), UNKNOWN_DECISION)


def expire(rows: Iterable[Quarantined], reason: str = EXPIRED) -> int:
    """Give up these rows: they are counted as refused, and gone. Returns how many facts they held."""
    facts = 0
    for row in rows:
        with transaction.atomic():
            if Quarantined.objects.filter(pk=row.pk).delete()[0]:
                intake.add(clock.now().date(), row.sink, Counter({(Outcome.REFUSED, reason): row.facts}))
                facts += row.facts
    return facts


def erase(rows: QuerySet[Quarantined]) -> int:
    """Remove what these people told, counted as erased so that the sum closes; return how many facts that were."""
    with transaction.atomic():
        facts: Counter[str] = Counter()
        for sink, count in rows.values_list("sink", "facts"):
            facts[sink] += count
        rows.delete()
        for sink, count in sorted(facts.items()):
            intake.add(clock.now().date(), sink, Counter({(str(Outcome.ERASED), ""): count}))
    return facts.total()
