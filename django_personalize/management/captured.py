"""What is captured: each kind of event with its last time and its counts, and each as it arrives.

Kinds, keys of items and times only: nothing here names or numbers a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, Q

from django_personalize.core import clock
from django_personalize.events.vocabulary import KINDS, ORDER_KINDS, VIEW_ITEM_LIST
from django_personalize.models import Event, Impression

MOST_ROWS = 10_000
"""Impressions, and orders, are looked at among the latest rows only: no index orders them by time."""
WEEK = timedelta(days=7)
AGAIN = 1_000
"""Numbers of rows that are looked through again: one may become visible after others with higher numbers."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One kind of event, as it stands in the tables."""

    kind: str
    last: datetime | None
    hour: int
    day: int


def seen() -> list[Seen]:
    """Return every kind of event, those seen last first, those never seen at the end by name."""
    now = clock.now()
    found = [_impressions(now)]
    for kind in KINDS - {VIEW_ITEM_LIST}:
        rows = Event.objects.filter(kind=kind)
        last = rows.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
        today = rows.filter(occurred_at__gte=now - timedelta(days=1))
        told = today.aggregate(day=Count("pk"), hour=Count("pk", filter=Q(occurred_at__gte=now - timedelta(hours=1))))
        found.append(Seen(kind, last, told["hour"], told["day"]))
    return sorted(found, key=lambda each: (each.last is None, -each.last.timestamp() if each.last else 0.0, each.kind))


def _impressions(now: datetime) -> Seen:
    """What of our own choices was seen is kept as impressions, one per slot."""
    times = list(Impression.objects.order_by("-pk").values_list("seen_at", flat=True)[:MOST_ROWS])
    hour, today = (sum(time >= now - timedelta(hours=hours) for time in times) for hours in (1, 24))
    return Seen(VIEW_ITEM_LIST, max(times, default=None), hour, today)


def live(found: list[Seen]) -> set[str]:
    """Return the kinds that came in by themselves during the last week: orders that were read from the shop's tables
    all at once are no sign that one is noticed as it is placed.
    """
    since = clock.now() - WEEK
    recent = {each.kind for each in found if each.last is not None and each.last >= since}
    return recent.difference(ORDER_KINDS) | _orders_by_themselves(since)


def _orders_by_themselves(since: datetime) -> set[str]:
    """Return the kinds of orders' events that were stored an order at a time; what is read at once has one time."""
    rows = Event.objects.filter(kind__in=ORDER_KINDS).order_by("-pk")
    together: dict[datetime, set[str]] = {}
    kinds: dict[datetime, set[str]] = {}
    for received_at, kind, order in rows.values_list("received_at", "kind", "transaction_id")[:MOST_ROWS]:
        if received_at >= since:
            together.setdefault(received_at, set()).add(order)
            kinds.setdefault(received_at, set()).add(kind)
    return set[str]().union(*(kinds[moment] for moment, orders in together.items() if len(orders) == 1))


def table(found: list[Seen]) -> Iterator[str]:
    yield f"{'Events':<18}{'last seen':<14}{'hour':>8}{'day':>10}"
    for each in found:
        if each.last is not None:
            yield f"{each.kind:<18}{ago(each.last):<14}{each.hour:>8,}{each.day:>10,}"
    if all(each.last is None for each in found):
        yield "none yet"


def ago(moment: datetime) -> str:
    seconds = max(0, int((clock.now() - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


class Watch:
    """Tells what was stored since it was last asked."""

    def __init__(self) -> None:
        events = Event.objects.order_by("-pk").values_list("pk", flat=True)[:AGAIN]
        impressions = Impression.objects.order_by("-pk").values_list("pk", flat=True)[:AGAIN]
        self._events, self._impressions = set(events), set(impressions)

    def new(self) -> Iterator[tuple[datetime, str, str]]:
        """Yield (time of storing, kind, item key) of each."""
        events = Event.objects.filter(pk__gt=max(self._events, default=0) - AGAIN)
        for pk, received_at, kind, item_key in events.order_by("pk").values_list(
            "pk", "received_at", "kind", "item_key"
        ):
            if pk not in self._events:
                self._events.add(pk)
                yield received_at, kind, item_key
        impressions = Impression.objects.filter(pk__gt=max(self._impressions, default=0) - AGAIN)
        for pk, seen_at, item_key in impressions.order_by("pk").values_list("pk", "seen_at", "item_key"):
            if pk not in self._impressions:
                self._impressions.add(pk)
                yield seen_at, VIEW_ITEM_LIST, item_key
        self._events = _latest(self._events)
        self._impressions = _latest(self._impressions)


def grouped(new: Iterable[tuple[datetime, str, str]]) -> list[tuple[datetime, str, str]]:
    """Return (time, kind, what) with the items of a row that were seen at one look as one line."""
    found: list[tuple[datetime, str, str]] = []
    for kind, same in groupby(new, key=lambda each: each[1]):
        rows = list(same)
        if kind == VIEW_ITEM_LIST and len(rows) > 1:
            found.append((rows[0][0], kind, f"{len(rows):,} items"))
        else:
            found += rows
    return found


def _latest(numbers: set[int]) -> set[int]:
    least = max(numbers, default=0) - AGAIN
    return {number for number in numbers if number > least}
