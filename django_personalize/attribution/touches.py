"""The clicks that may have led to what was bought, of those who let their visits be counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from django_personalize.core.types import Purpose, Touch
from django_personalize.events.vocabulary import ADD_TO_CART, SELECT_ITEM
from django_personalize.models import Decision, Event, Visitor

KINDS = (SELECT_ITEM, ADD_TO_CART)
FEW = 500
"""Keys per query."""
Key = TypeVar("Key", str, UUID, int)
Touches = Mapping[tuple[str, str], Sequence[Touch]]
"""By person and item, oldest first."""


def chosen() -> QuerySet[Event]:
    """Return every click that names the decision behind it."""
    return Event.objects.filter(kind__in=KINDS, decision_id__isnull=False)


def few(keys: Collection[Key]) -> Iterator[list[Key]]:
    ordered = sorted(keys)
    return (ordered[start : start + FEW] for start in range(0, len(ordered), FEW))


def people(buyers: Collection[UUID], staff: Collection[str]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """Return the person behind each of these buyers who says yes to both purposes, and behind each browser of theirs.

    A purchase is a person's own with their yes to `personalization`, a click may be counted with that to `analytics`.
    All are locked until the transaction ends: whoever takes a yes back meanwhile waits, and finds what was written. The
    shop's own staff are nobody here.
    """
    counted = Visitor.objects.granting(Purpose.ANALYTICS)
    own = counted.granting(Purpose.PERSONALIZATION)
    accounts: set[str] = set()
    for some in few(buyers):
        accounts.update(own.filter(pk__in=some).exclude(user_key="").values_list("user_key", flat=True))
    found: dict[UUID, str] = {}
    mine: dict[UUID, str] = {}
    wanted = [*(Q(pk__in=some) for some in few(buyers)), *(Q(user_key__in=some) for some in few(accounts))]
    for each in wanted:
        rows = counted.filter(each).exclude(user_key__in=staff).order_by("pk").select_for_update(no_key=True)
        for visitor in rows:
            found[visitor.pk] = f"user:{visitor.user_key}" if visitor.user_key else f"visitor:{visitor.pk.hex}"
            if visitor.pk in buyers and visitor.grants(Purpose.PERSONALIZATION):
                mine[visitor.pk] = found[visitor.pk]
    return mine, found


def read(browsers: Mapping[UUID, str], items: Collection[str], since: datetime, until: datetime) -> Touches:
    """Return what these people clicked on of these items in that time.

    A click counts only where the decision that it names is there, and was made for the same visitor.
    """
    rows: list[tuple[datetime, int, UUID, UUID, int, str, str]] = []
    columns = ("occurred_at", "pk", "visitor_id", "decision_id", "index", "item_key", "kind")
    for some in few(browsers):
        clicks = chosen().filter(visitor__in=some, occurred_at__gte=since, occurred_at__lte=until, index__gt=0)
        rows += [row for row in clicks.values_list(*columns) if row[5] in items]
    made = _decisions({row[3] for row in rows})
    found: defaultdict[tuple[str, str], list[Touch]] = defaultdict(list)
    for at, _, visitor, decision, slot, item, kind in sorted(rows):
        whose, placement = made.get(decision, (None, ""))
        if whose == visitor:
            touch = Touch(at=at, kind=kind, placement=placement, decision_id=decision, slot=slot)
            found[browsers[visitor], item].append(touch)
    return found


def within(touches: Sequence[Touch], since: datetime, until: datetime) -> list[Touch]:
    """Return those of that time, each slot once: when it was clicked last."""
    last: dict[tuple[UUID, int], Touch] = {}
    for touch in touches:
        if since <= touch.at <= until:
            last.pop((touch.decision_id, touch.slot), None)  # so that the keys stand in the order of the clicks
            last[touch.decision_id, touch.slot] = touch
    return list(last.values())


def _decisions(ids: Iterable[UUID]) -> dict[UUID, tuple[UUID | None, str]]:
    found: dict[UUID, tuple[UUID | None, str]] = {}
    for some in few(set(ids)):
        rows = Decision.objects.filter(pk__in=some).values_list("pk", "visitor_id", "placement")
        found |= {pk: (visitor, placement) for pk, visitor, placement in rows}
    return found
