"""What a batch of people bought and gave back, as columns."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db.models import FloatField
from django.db.models.functions import Cast

from django_personalize.core.arrays import DAY, Double, Int
from django_personalize.events.vocabulary import ORDER_KINDS, REFUND
from django_personalize.models import Event

NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Bought lines, net of what had come back by `as_of`; the columns have equal length."""

    person: Int
    order: Int
    item: Int
    bought: Int
    left: Int
    """What of it was kept, 0 to `bought`."""
    price: Double
    """Per unit; nan where unknown, or in another currency than the shop's usual one."""
    listed: Double
    """The price before a reduction; nan where the shop says none."""
    age: Double
    """Days before `as_of`."""


def read(who: Mapping[UUID, int], as_of: datetime, *, items: dict[str, int], currency: str) -> Lines:
    """Read the lines of the visitors in `who`, which numbers people, in one query; unseen items are numbered on."""
    rows = (
        Event.objects.filter(visitor__in=list(who), kind__in=ORDER_KINDS, occurred_at__lte=as_of, quantity__gt=0)
        .exclude(item_key="")
        .order_by("-kind", "occurred_at", "pk")  # what came back first
        .values_list(
            "kind",
            "visitor_id",
            "transaction_id",
            "item_key",
            "quantity",
            Cast("price", FloatField()),
            Cast("list_price", FloatField()),
            "currency",
            "occurred_at",
            "pk",
        )
    )
    back: dict[tuple[str, str], int] = {}
    orders: dict[tuple[int, str], int] = {}
    whole = tuple(array("i") for _ in range(5))
    real = tuple(array("d") for _ in range(3))
    now = as_of.timestamp()
    for kind, visitor, order_key, item_key, quantity, cost, before, paid_in, at, pk in rows.iterator(chunk_size=20_000):
        if kind == REFUND:
            back[order_key, item_key] = back.get((order_key, item_key), 0) + quantity
            continue
        returned = 0
        if back and order_key:
            waiting = back.get((order_key, item_key), 0)
            if waiting:
                returned = min(quantity, waiting)
                back[order_key, item_key] = waiting - returned
        known = paid_in == currency and cost is not None
        whole[0].append(who[visitor])
        whole[1].append(orders.setdefault((who[visitor], order_key or f"event {pk}"), len(orders)))
        whole[2].append(items.setdefault(item_key, len(items)))
        whole[3].append(quantity)
        whole[4].append(quantity - returned)
        real[0].append(cost if known else NAN)
        real[1].append(before if known and before is not None else NAN)
        real[2].append((now - at.timestamp()) / DAY)
    person, order, item, bought, left = (np.array(column, dtype=np.int32) for column in whole)
    price, listed, age = (np.array(column, dtype=np.float64) for column in real)
    return Lines(person=person, order=order, item=item, bought=bought, left=left, price=price, listed=listed, age=age)
