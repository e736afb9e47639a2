"""Tying bought lines to the clicks before them: small transactions, as often as it is asked, always the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from django_personalize.attribution import touches
from django_personalize.attribution.orders import DAY, Bought
from django_personalize.attribution.orders import read as read_orders
from django_personalize.attribution.shares import UNITS, as_money, as_share, divide, in_units
from django_personalize.attribution.touches import Touches, few
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.hashing import digest
from django_personalize.core.types import Touch
from django_personalize.events.vocabulary import PURCHASE
from django_personalize.models import Credit, Cursor, Decision, Event
from django_personalize.visitors.staff import staff_accounts

NAME = "attribution"
AT_ONCE = 500
"""Orders per transaction: nobody's answer waits for longer than one of them takes."""
LATE = timedelta(days=3)
"""How late the page may tell of a click, and a log-in show whose it was: so much longer than the window is looked at
again by every run.
"""
OVERLAP = timedelta(minutes=15)
"""How long a transaction may take that stores facts under the moment at which it began."""
Key = tuple[int, UUID, int]
"""purchase, decision, slot."""
VALUES = ("placement", "clicked_at", "bought_at", "share", "currency", "amount", "refunded")


@dataclass(slots=True)
class Attributed:
    """What one run looked at, and what it changed."""

    rebuilt: bool = False
    orders: int = 0
    lines: int = 0
    credited: int = 0
    """Lines that have credits now, of those looked at."""
    written: int = 0
    """Credits that were new or differed; 0 where all was there already."""
    removed: int = 0


def attribute(*, rebuild: bool = False, progress: Callable[[int, int], None] | None = None) -> Attributed:
    """Credit what was bought since the last run, or was told differently, and look again at the time before.

    With `rebuild`, at the first run, and once `ATTRIBUTION` or its days have changed, all that can have a credit is
    looked at. Idempotent, safe to kill and to run twice at once; the order in which clicks, orders and returns came to
    be known makes no difference. Memory does not grow with the number of orders. `progress` gets (done, total) orders;
    the total is an estimate. Raises `PersonalizeError` for a rule that gives no weights.
    """
    began, report = clock.now(), Attributed()
    rule = digest("attribution", f"{settings.ATTRIBUTION} {settings.ATTRIBUTION_DAYS}")[:16]
    since = _since(rule)
    report.rebuilt = rebuild or since is None
    staff = staff_accounts()
    first, batches = _batches(None if report.rebuilt else since, began)
    total = _bought(first).count() if progress is not None and first is not None else 0
    for batch in batches:
        with transaction.atomic():
            _attribute(batch, staff, report)
        if progress is not None:
            progress(report.orders, max(total, report.orders))
    report.removed += _sweep(None if report.rebuilt else since, first)
    position = f"{int(began.timestamp() * 1_000_000)}:{rule}"
    Cursor.objects.update_or_create(name=NAME, defaults={"position": position, "moved_at": clock.now()})
    return report


def _since(rule: str) -> datetime | None:
    """Return from when on facts may be new; None where everything is."""
    position = Cursor.objects.filter(name=NAME).values_list("position", flat=True).first()
    moment, _, by = (position or "").partition(":")
    if by != rule:
        return None
    return datetime.fromtimestamp(int(moment) / 1_000_000, tz=clock.now().tzinfo) - OVERLAP


def _batches(since: datetime | None, now: datetime) -> tuple[datetime | None, Iterator[list[str]]]:
    """Return the earliest purchase that is looked at for its date, and the orders to look at, some at a time."""
    clicks = touches.chosen()
    if since is None:
        earliest = clicks.aggregate(at=Min("occurred_at"))["at"]
        if earliest is None:
            return None, iter(())
        first = earliest - DAY  # a bare day is its midnight, which may be before the click
        return first, _grouped(_bought(first), "occurred_at")
    late = clicks.filter(received_at__gte=since).aggregate(at=Min("occurred_at"))["at"]
    first = min(each for each in (now - _window() - LATE, late) if each is not None) - DAY
    told = Event.objects.filter(changed_at__gte=since).exclude(transaction_id="")

    def both() -> Iterator[list[str]]:
        yield from _grouped(_bought(first), "occurred_at")
        for orders in _grouped(told, "changed_at"):
            done = _bought(first).filter(transaction_id__in=orders).values_list("transaction_id", flat=True)
            if left := sorted(set(orders).difference(done)):
                yield left

    return first, both()


def _window() -> timedelta:
    return timedelta(days=settings.ATTRIBUTION_DAYS)


def _bought(first: datetime) -> QuerySet[Event]:
    rows = Event.objects.filter(kind=PURCHASE, occurred_at__gte=first, visitor__isnull=False)
    return rows.exclude(transaction_id="")


def _grouped(rows: QuerySet[Event], by: str) -> Iterator[list[str]]:
    """Yield the orders of these rows along an index; one whose rows lie apart may come twice, which changes nothing."""
    last: tuple[Any, int] | None = None
    before: set[str] = set()
    while True:
        ordered = rows.order_by(by, "pk")
        if last is not None:
            ordered = ordered.filter(Q(**{f"{by}__gt": last[0]}) | Q(**{by: last[0]}, pk__gt=last[1]))
            ordered = ordered.filter(**{f"{by}__gte": last[0]})  # which an index understands
        some = list(ordered.values_list(by, "pk", "transaction_id")[:AT_ONCE])
        if not some:
            return
        last = some[-1][:2]
        orders = dict.fromkeys(order for _, _, order in some)
        if left := [order for order in orders if order not in before]:
            yield left
        before = set(orders)


def _attribute(orders: Sequence[str], staff: frozenset[str], report: Attributed) -> None:
    """Bring the credits of these orders in line with what is known now."""
    lines = read_orders(orders)
    wanted: dict[Key, dict[str, Any]] = {}
    buyers, browsers = touches.people({line.visitor_id for line in lines if line.visitor_id is not None}, staff)
    theirs = [line for line in lines if line.visitor_id in buyers and line.item_key]
    if theirs:
        since = min(line.bought_at for line in theirs) - _window()
        until = max(line.until for line in theirs)
        clicks = touches.read(browsers, {line.item_key for line in theirs}, since, until)
        for line in theirs:
            wanted |= _credits(line, buyers, clicks)
    report.orders += len(orders)
    report.lines += len(lines)
    report.credited += len({purchase for purchase, _, _ in wanted})
    _write([line.pk for line in lines], wanted, report)


def _credits(line: Bought, buyers: dict[UUID, str], clicks: Touches) -> dict[Key, dict[str, Any]]:
    """Return the credits of one line: of its own item only, whatever else the click has led to."""
    if line.visitor_id is None:
        return {}
    found = clicks.get((buyers[line.visitor_id], line.item_key), ())
    led = touches.within(found, line.bought_at - _window(), line.until)
    if not led:
        return {}
    shares = divide(UNITS, _weights(led))
    whole = None if line.price is None else in_units(line.price)
    kept = line.quantity - line.returned
    amounts, refunds = (
        [None] * len(led) if whole is None else [as_money(part) for part in divide(whole * n, shares)]
        for n in (kept, line.returned)
    )
    return {
        (line.pk, touch.decision_id, touch.slot): {
            "placement": touch.placement,
            "clicked_at": touch.at,
            "bought_at": line.bought_at,
            "share": as_share(share),
            "currency": line.currency,
            "amount": amount,
            "refunded": refunded,
        }
        for touch, share, amount, refunded in zip(led, shares, amounts, refunds, strict=True)
        if share
    }


def _weights(led: Sequence[Touch]) -> Sequence[float]:
    weights = settings.attribution.weights(led)
    return list(weights) if len(weights) == len(led) else []  # which `divide` refuses by name


def _write(purchases: Sequence[int], wanted: dict[Key, dict[str, Any]], report: Attributed) -> None:
    stale: list[int] = []
    for some in few(purchases):
        rows = Credit.objects.filter(purchase__in=some).values_list("pk", "purchase_id", "decision_id", "slot", *VALUES)
        for pk, purchase, decision, slot, *values in rows:
            fresh = wanted.get((purchase, decision, slot))
            if fresh is None:
                stale.append(pk)
            elif list(fresh.values()) == values:
                del wanted[purchase, decision, slot]
    now = clock.now()
    credits = [
        Credit(purchase_id=purchase, decision_id=decision, slot=slot, credited_at=now, **values)
        for (purchase, decision, slot), values in wanted.items()
    ]
    for some in few(stale):
        Credit.objects.filter(pk__in=some).delete()
    Credit.objects.bulk_create(
        credits,
        update_conflicts=True,
        unique_fields=["purchase", "decision", "slot"],
        update_fields=[*VALUES, "credited_at"],
        batch_size=500,
    )
    report.written += len(credits)
    report.removed += len(stale)


def _sweep(since: datetime | None, first: datetime | None) -> int:
    """Delete the credits whose line or decision was deleted while they were written, and those that nobody owns."""
    rows = Credit.objects.all() if since is None else Credit.objects.filter(credited_at__gte=since)
    ends = Event.objects.filter(pk=OuterRef("purchase_id"), visitor__isnull=False)
    orphans = Q(~Exists(ends)) | Q(~Exists(Decision.objects.filter(pk=OuterRef("decision_id"))))
    if first is None:
        return rows.delete()[0]  # no click, no credit
    if since is None:
        orphans |= Q(bought_at__lt=first)
    return rows.filter(orphans).delete()[0]
