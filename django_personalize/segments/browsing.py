"""What a batch of people looked at lately, and what lies in their carts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max

from django_personalize.core.arrays import DAY
from django_personalize.events.vocabulary import ADD_TO_CART, CART_KINDS, ORDER_KINDS, SEARCH, VIEW_ITEM
from django_personalize.models import Event

LATELY = 30
"""Days."""


@dataclass(slots=True)
class Browsing:
    """By person's number; whoever did nothing lately is absent."""

    views: dict[int, int] = field(default_factory=dict)
    searches: dict[int, int] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    """Days since anything of theirs but an order was recorded."""
    device: dict[int, str] = field(default_factory=dict)
    """What most of it was done with; ties by name."""


def read(who: Mapping[UUID, int], as_of: datetime) -> Browsing:
    """Count the last 30 days of the visitors in `who`, in one grouped query."""
    rows = (
        Event.objects.filter(
            visitor__in=list(who), occurred_at__gt=as_of - timedelta(days=LATELY), occurred_at__lte=as_of
        )
        .exclude(kind__in=ORDER_KINDS)
        .values_list("visitor_id", "kind", "device")
        .annotate(n=Count("pk"), last=Max("occurred_at"))
        .order_by()
    )
    found = Browsing()
    used: dict[int, dict[str, int]] = {}
    counted = {VIEW_ITEM: found.views, SEARCH: found.searches}
    for visitor, kind, device, n, last in rows.iterator(chunk_size=20_000):
        person = who[visitor]
        if kind in counted:
            counted[kind][person] = counted[kind].get(person, 0) + n
        if device:
            times = used.setdefault(person, {})
            times[device] = times.get(device, 0) + n
        age = (as_of - last).total_seconds() / DAY
        found.seen[person] = min(age, found.seen.get(person, age))
    found.device = {person: min(times, key=lambda name: (-times[name], name)) for person, times in used.items()}
    return found


@dataclass(frozen=True, slots=True)
class Basket:
    items: int
    age: float
    """Days since anything that still lies in it was put there."""


def baskets(who: Mapping[UUID, int], as_of: datetime, *, ordered: Mapping[int, float]) -> dict[int, Basket]:
    """Return what still lies in the cart of each person, by the cart events of the last 30 days, in one query.

    What was put in less what was taken out, item by item. An order empties it, also where something was left: `ordered`
    is the days since a person's last order. Not read from `Cart`, which knows the present only.
    """
    rows = (
        Event.objects.filter(
            visitor__in=list(who),
            kind__in=CART_KINDS,
            occurred_at__gt=as_of - timedelta(days=LATELY),
            occurred_at__lte=as_of,
        )
        .order_by("occurred_at", "pk")
        .values_list("visitor_id", "kind", "item_key", "item_variant", "quantity", "occurred_at")
    )
    held: dict[int, dict[tuple[str, str], tuple[int, float]]] = {}
    for visitor, kind, item_key, variant, quantity, at in rows.iterator(chunk_size=20_000):
        person = who[visitor]
        age = (as_of - at).total_seconds() / DAY
        if age >= ordered.get(person, math.inf):
            continue
        basket = held.setdefault(person, {})
        count, since = basket.get((item_key, variant), (0, age))
        if kind == ADD_TO_CART:
            basket[item_key, variant] = (count + (quantity or 1), age)
        elif count > (quantity or 1):
            basket[item_key, variant] = (count - (quantity or 1), since)
        else:
            basket.pop((item_key, variant), None)
    return {
        person: Basket(len(basket), min(age for _, age in basket.values())) for person, basket in held.items() if basket
    }
