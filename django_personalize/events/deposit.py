"""Facts become rows, each counted by the end that it came to, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import connections, router, transaction
from django.db.models import Model, QuerySet

from django_personalize.core.types import (
    CountDraft,
    DecisionDraft,
    Draft,
    EventDraft,
    GoneDraft,
    ImpressionDraft,
    Purpose,
    RefusalDraft,
)
from django_personalize.events import store
from django_personalize.events.intake import Outcome
from django_personalize.events.vocabulary import ITEM_KINDS
from django_personalize.models import DailyCount, Decision, Visitor
from django_personalize.visitors.forgotten import Kind, forgotten, item_of

_Row = TypeVar("_Row", bound=Model)
UNKNOWN_DECISION = "unknown_decision"
UNKNOWN_SLOT = "unknown_slot"
NO_CONSENT = "no_consent"
NOTHING_OFF = [None, None]
ARRIVAL_LASTS = timedelta(hours=24)
"""How long an event is put down to the visit's arrival."""
COUNTED = frozenset({CountDraft, RefusalDraft, GoneDraft})
"""What becomes no row."""


@dataclass(slots=True)
class Deposited:
    """What became of a batch."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Facts by (outcome, reason)."""
    undecided: list[Draft] = field(default_factory=list)
    """Facts about a decision that has not arrived: it may be on its way by another spool."""

    def add(self, outcome: str, reason: str = "", count: int = 1) -> None:
        if count:
            self.ends[outcome, reason] += count

    @property
    def stored(self) -> int:
        return self.ends[Outcome.STORED, ""]


def deposit(batch: Sequence[Draft], *, received_at: datetime) -> Deposited:
    """Store a batch in one transaction, or in a savepoint of the one that is open; each fact once, by its id.

    Facts about a visitor who is gone are erased ones. What a fact about a slot leaves open is read from our own
    decision, which must have been made for the same visitor. How the facts ended is the caller's to count, and the
    `undecided` to keep. Raises what the database raises, having kept nothing.
    """
    done = Deposited()
    with transaction.atomic():
        facts = _present([each for each in batch if type(each) not in COUNTED], done)
        decisions = [each for each in facts if isinstance(each, DecisionDraft)]
        _tally(done, len(decisions), store.insert_decisions(decisions))
        facts = _decided(facts, done)
        impressions = [each for each in facts if isinstance(each, ImpressionDraft)]
        _tally(done, len(impressions), store.insert_impressions(impressions))
        events = [each for each in facts if isinstance(each, EventDraft)]
        _tally(done, len(events), store.insert_events(events, received_at=received_at))
        _count(batch, done)
    return done


def _written(model: type[_Row]) -> QuerySet[_Row]:
    """Return the rows where they are written: a copy that lags knows neither a new visitor nor their decision."""
    return QuerySet(model, using=router.db_for_write(model))


def _tally(done: Deposited, given: int, new: int) -> None:
    done.add(Outcome.STORED, count=new)
    done.add(Outcome.DUPLICATE, count=given - new)


def _present(facts: Sequence[Draft], done: Deposited) -> list[Draft]:
    """Leave out what is about somebody who is gone, or wants no more kept; say of each event how the visit began."""
    named = {visitor for each in facts if (visitor := getattr(each, "visitor_id", None)) is not None}
    if not named:
        return list(facts)
    columns = ("pk", "referrer", "campaign", "arrived_at", "paused_at", "objected_at")
    arrivals, paused, objected = {}, {}, {}
    rows = _written(Visitor).filter(pk__in=named)
    for pk, referrer, campaign, arrived_at, *since in rows.values_list(*columns):
        arrivals[pk] = (referrer, campaign, arrived_at)
        if since != NOTHING_OFF:
            paused[pk], objected[pk] = since
    silent = _silent(paused, objected) if paused else {}
    is_erased = _erased(facts, arrivals)
    kept: list[Draft] = []
    for each in facts:
        visitor = getattr(each, "visitor_id", None)
        if visitor is None:
            kept.append(each)
        elif visitor not in arrivals or is_erased(each):
            done.add(Outcome.ERASED)
        elif visitor in silent and _moment(each) >= silent[visitor]:
            done.add(Outcome.REFUSED, NO_CONSENT)  # by another browser of theirs, whose cookie does not say so yet
        elif isinstance(each, EventDraft) and not (each.referrer or each.campaign):
            referrer, campaign, at = arrivals[visitor]
            here = at is not None and timedelta() <= each.occurred_at - at < ARRIVAL_LASTS
            kept.append(replace(each, referrer=referrer, campaign=campaign) if here and referrer else each)
        else:
            kept.append(each)
    return kept


def _silent(paused: Mapping[UUID, datetime | None], objected: Mapping[UUID, datetime | None]) -> dict[UUID, datetime]:
    """Return since when nothing is stored of these: paused, or against a profile with no yes to anything else."""
    rows = _written(Visitor).filter(pk__in=[pk for pk, at in objected.items() if at is not None])
    counted = {pk for pk, granted in rows.values_list("pk", "granted") if granted.get(Purpose.ANALYTICS.value)}
    return {
        pk: min(known)
        for pk, at in paused.items()
        if (known := [each for each in (at, None if pk in counted else objected[pk]) if each is not None])
    }


def _moment(draft: Draft) -> datetime:
    if isinstance(draft, EventDraft):
        return draft.occurred_at
    if isinstance(draft, DecisionDraft):
        return draft.decided_at
    assert isinstance(draft, ImpressionDraft), draft  # nothing else has a visitor
    return draft.seen_at


def _erased(facts: Sequence[Draft], visitors: Collection[UUID]) -> Callable[[Draft], bool]:
    """Return what says whether a fact is from before its visitor was erased, or removed its item from their history.

    Their row may be there all the same: a shop elsewhere can have told of them again since.
    """
    found = forgotten(
        {
            Kind.VISITOR: {visitor.hex for visitor in visitors},
            Kind.ITEM: {name for each in facts if (name := _dealing(each))},
        }
    )
    if not any(found.values()):
        return lambda each: False

    def erased(each: Draft) -> bool:
        whose = getattr(each, "visitor_id", None)
        since = (found[Kind.VISITOR].get(whose.hex) if whose else None, found[Kind.ITEM].get(_dealing(each)))
        return any(at is not None and _moment(each) <= at for at in since)

    return erased


def _dealing(each: Draft) -> str:
    if not isinstance(each, EventDraft) or each.visitor_id is None or not each.item_key:
        return ""
    return item_of(each.visitor_id.hex, each.item_key)


def _decided(facts: Sequence[Draft], done: Deposited) -> list[Draft]:
    """Fill in what stood in the slot that a fact is about, as our own decision says.

    What was seen of a decision that is gone goes with it: it was made, and removed at the shopper's wish or by its age.
    """
    open_ = {
        each.decision_id
        for each in facts
        if isinstance(each, EventDraft | ImpressionDraft) and each.decision_id is not None and _is_open(each)
    }
    seen = {each.decision_id for each in facts if isinstance(each, ImpressionDraft)} - open_
    if not open_ and not seen:
        return list(facts)
    found = {decision.pk: decision for decision in _written(Decision).filter(pk__in=open_)} if open_ else {}
    gone = seen - set(_written(Decision).filter(pk__in=seen).values_list("pk", flat=True)) if seen else seen
    kept: list[Draft] = []
    for each in facts:
        if isinstance(each, ImpressionDraft) and each.decision_id in gone:
            done.add(Outcome.ERASED)
            continue
        if not (isinstance(each, EventDraft | ImpressionDraft) and each.decision_id in open_ and _is_open(each)):
            kept.append(each)
            continue
        decision = found.get(each.decision_id)
        if decision is None:
            done.undecided.append(each)
        elif decision.visitor_id != each.visitor_id:
            done.add(Outcome.REFUSED, UNKNOWN_DECISION)
        else:
            slot = each.slot if isinstance(each, ImpressionDraft) else each.index
            item_key = next((chosen["item_key"] for chosen in decision.slots if chosen["slot"] == slot), None)
            if not item_key:
                done.add(Outcome.REFUSED, UNKNOWN_SLOT)
            elif isinstance(each, ImpressionDraft):
                kept.append(replace(each, item_key=item_key))
            else:
                kept.append(replace(each, item_key=item_key, item_list_id=decision.placement))
    return kept


def _is_open(draft: EventDraft | ImpressionDraft) -> bool:
    if draft.item_key:
        return False
    return isinstance(draft, ImpressionDraft) or draft.kind in ITEM_KINDS


def _count(batch: Iterable[Draft], done: Deposited) -> None:
    """Add up what is only counted, and name what was refused at the door."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for each in batch:
        if type(each) not in COUNTED:
            continue
        if isinstance(each, CountDraft):
            counts[each.day.isoformat(), each.kind, each.item_key, each.scope] += each.count
            done.add(Outcome.STORED, count=each.count)
        elif isinstance(each, RefusalDraft):
            done.add(Outcome.REFUSED, each.reason, each.count)
        elif isinstance(each, GoneDraft):
            done.add(Outcome.ERASED, count=each.count)
    if not counts:
        return
    connection = connections[router.db_for_write(DailyCount)]
    table = DailyCount._meta.db_table
    sql = (
        f"INSERT INTO {table} (day, kind, item_key, scope, count) VALUES (%s, %s, %s, %s, %s) "
        f"ON CONFLICT (day, kind, item_key, scope) DO UPDATE SET count = {table}.count + excluded.count"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(*key, count) for key, count in sorted(counts.items())])
