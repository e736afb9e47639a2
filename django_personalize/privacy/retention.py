"""Nothing is kept for longer than `RETENTION` says: what is older goes, in small steps that hold up nobody."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from django_personalize.capture.orders import oldest_kept
from django_personalize.conf import settings
from django_personalize.consent import ledger
from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.events import quarantine, spool
from django_personalize.events.vocabulary import KINDS, ORDER_KINDS
from django_personalize.models import (
    ConsentRecord,
    Credit,
    Cursor,
    DailyCount,
    Decision,
    Event,
    FeedLine,
    Finding,
    Intake,
    Membership,
    OrderLink,
    Quarantined,
    Visitor,
)
from django_personalize.models.membership import MEMBERSHIP_LASTS

AT_ONCE = 1_000
"""Rows per transaction."""
SECONDS = 10.0
"""How long one run may take in the drainer's time; the next hour's run goes on from there."""
CURSORS_LAST = timedelta(days=30)
PROOF_LASTS = timedelta(days=5 * 365)
"""How long the proof of an answer is kept after it was given: as long as anybody may ask for it."""
LONG_AGO = date(1970, 1, 1)
"""The day that stands for all days whose own counts are no longer kept."""

Step = Callable[[], int]


def purge(*, seconds: float = SECONDS) -> dict[str, int]:
    """Delete what is older than it may be, and return how many rows went, by kind; stops after so many `seconds`."""
    until = time.monotonic() + seconds
    quarantine.replay_undecided()  # where no thread drains, nobody else gives them up
    gone: Counter[str] = Counter()
    for name, step in _steps():
        while (count := step()) > 0:
            gone[name] += count
            if time.monotonic() >= until:
                return dict(gone)
    return dict(gone)


def _steps() -> Iterator[tuple[str, Step]]:
    """Yield (what, a step that deletes some of it and says how many, 0 once there is no more)."""
    now = clock.now()
    days = settings.RETENTION
    events, orders, counts = (now - timedelta(days=days[name]) for name in ("events", "orders", "aggregates"))
    shut = now - timedelta(days=days["quarantine"])
    others = sorted(KINDS - set(ORDER_KINDS))
    yield "events", lambda: _some(Event.objects.filter(kind__in=others, occurred_at__lt=events))
    yield "order_events", lambda: _some(Event.objects.filter(kind__in=ORDER_KINDS, occurred_at__lt=oldest_kept()))
    yield "order_links", lambda: _some(OrderLink.objects.filter(linked_at__lt=orders))
    yield "order_lines", lambda: _some(FeedLine.objects.filter(placed_at__lt=orders))
    yield "decisions", lambda: _decisions(events)
    yield "memberships", lambda: _some(Membership.objects.filter(as_of__lt=now - MEMBERSHIP_LASTS))
    yield "visitors", lambda: _visitors(events)
    yield "set_aside", lambda: quarantine.expire(Quarantined.objects.filter(arrived_at__lt=shut)[:AT_ONCE])
    yield "daily_counts", lambda: _some(DailyCount.objects.filter(day__lt=counts.date()))
    yield "findings", lambda: _some(Finding.objects.filter(day__lt=counts.date()))
    yield "days_of_intake", lambda: _intake(counts.date())
    yield "cursors", lambda: _cursors(now - CURSORS_LAST)
    yield "answers", lambda: _answers(now - PROOF_LASTS)


def _some(rows: QuerySet[Any]) -> int:
    keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    return rows.model._default_manager.filter(pk__in=keys).delete()[0] if keys else 0


def _decisions(before: datetime) -> int:
    """With their impressions; placement by placement, as the index has them."""
    placement: str | None = ""
    while placement is not None:
        gone = _some(Decision.objects.filter(placement=placement, decided_at__lt=before))
        if gone:
            return gone
        later = Decision.objects.filter(placement__gt=placement).order_by("placement")
        placement = later.values_list("placement", flat=True).first()
    return 0


def _visitors(before: datetime) -> int:
    """Those who have been silent since; their later orders stay as baskets that nothing joins."""
    heard = Event.objects.filter(visitor=OuterRef("pk"), occurred_at__gte=before).exclude(kind__in=ORDER_KINDS)
    silent = Visitor.objects.filter(
        ~Exists(heard), Q(arrived_at=None) | Q(arrived_at__lt=before), answered_at__lt=before
    )
    keys = list(silent.values_list("pk", flat=True)[:AT_ONCE])
    if not keys:
        return 0
    with transaction.atomic():
        rows = Visitor.objects.select_for_update().filter(pk__in=keys, answered_at__lt=before).order_by("pk")
        gone = dict(rows.values_list("pk", "user_key"))
        Credit.objects.filter(purchase__visitor__in=gone).delete()
        Event.objects.filter(visitor__in=gone, kind__in=ORDER_KINDS).update(visitor=None)
        Visitor.objects.filter(pk__in=gone).delete()
        accounts = set(gone.values()) - {""}
        left = Visitor.objects.granting(Purpose.PERSONALIZATION).filter(user_key__in=accounts)
        kept = set(left.values_list("user_key", flat=True))
        FeedLine.objects.filter(user_key__in=accounts - kept).update(user_key="")
    return len(gone)


@transaction.atomic
def _intake(before: date) -> int:
    """Add the days up to `before` together: without them the sum of what came in would no longer close."""
    old = Intake.objects.select_for_update().filter(day__gt=LONG_AGO, day__lt=before)
    if not old.exists():
        return 0
    keys = [row.pk for row in old]
    for total in Intake.objects.filter(pk__in=keys).values("sink", "outcome", "reason").annotate(n=Sum("count")):
        held, _ = Intake.objects.select_for_update().get_or_create(
            day=LONG_AGO, sink=total["sink"], outcome=total["outcome"], reason=total["reason"], shard=0
        )
        held.count += total["n"]
        held.save(update_fields=["count"])
    return Intake.objects.filter(pk__in=keys).delete()[0]


def _cursors(before: datetime) -> int:
    """Of segments that are gone: without its cursor, one that still lies here would be stored once more."""
    here = {path.name for path in spool.segments(settings.SPOOL)}
    rows = Cursor.objects.filter(moved_at__lt=before, name__endswith=spool.SUFFIX).exclude(name__in=here)
    return _some(rows)


def _answers(before: datetime) -> int:
    """Of people whose last answer is older than that: its fields and key go, and the chain holds."""
    erased, seen = 0, set[UUID]()
    rows = ConsentRecord.objects.filter(subject__isnull=False).order_by("number").values_list("subject", "fields")
    for subject, fields in rows.iterator(chunk_size=AT_ONCE):
        if subject is None or _at(fields) >= before.isoformat() or erased >= AT_ONCE:
            break
        if subject in seen:
            continue
        seen.add(subject)
        last = ConsentRecord.objects.filter(subject=subject).order_by("number").last()
        if last is not None and _at(last.fields) < before.isoformat():
            erased += ledger.erase(subject)
    return erased


def _at(fields: dict[str, Any] | None) -> str:
    return str(fields["at"]) if fields else ""
