"""Shoppers as tests write them: stored rows by age in days, or columns of features outright."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from django_personalize.core import clock
from django_personalize.models import Event, Visitor
from django_personalize.segments.affinity import TOP, Affinity
from django_personalize.segments.features import Features
from django_personalize.segments.people import People
from django_personalize.segments.yardstick import Yardstick

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
WHOLE = {"orders", "judged", "reduced", "gaps", "basket", "views", "searches"}
KNOWN = Yardstick(buyers=100, repeaters=100, judged=100, lookers=100, gap=30.0, much=1000.0, reduced=0.1, looks=4.0)
"""A shop in which a gap is 30 days, a tenth of the lines is reduced, and whoever spends 1000 spends much."""


def shopper(user_key: str = "", **changes: Any) -> Visitor:
    values = {"granted": {"personalization": True}, "created_at": AS_OF, "answered_at": clock.now()} | changes
    return Visitor.objects.create(user_key=user_key, **values)


def told(visitor: Visitor | None, kind: str, item: str = "", *, days: float = 10.0, **changes: Any) -> Event:
    at = AS_OF - timedelta(days=days)
    values = {"kind": kind, "occurred_at": at, "received_at": at, "visitor": visitor, "item_key": item}
    return Event.objects.create(**(values | changes))


def sold(visitor: Visitor | None, order: str, item: str = "1", *, days: float = 10.0, **changes: Any) -> Event:
    values = {"transaction_id": order, "quantity": 1, "price": Decimal("10"), "currency": "EUR", "kind": "purchase"}
    return told(visitor, item=item, days=days, **(values | changes))


def columns(**given: Any) -> Features:
    """Return features of people 0, 1, 2, … by the columns given, all of one length; of the rest nothing is known."""
    n = len(next(iter(given.values())))
    none = Affinity(names=(), top=np.full((n, TOP), -1, dtype=np.int32), share=np.zeros((n, TOP), dtype=np.float32))
    values: dict[str, Any] = {
        "people": People(
            keys=tuple(f"user:{i:06}" for i in range(n)), visitors=tuple((UUID(int=i),) for i in range(n))
        ),
        "as_of": AS_OF,
        "currency": "EUR",
        "judged_by": "history",
        "categories": none,
        "brands": none,
        "money": np.zeros(n),
        "device": np.full(n, "", dtype="<U8"),
    }
    for field in fields(Features):
        if field.name in WHOLE:
            values[field.name] = np.array(given.get(field.name, [0] * n), dtype=np.int32)
        elif field.name in given or field.name not in values:
            dtype = np.float64 if field.name in ("money", "average") else np.float32
            values[field.name] = np.array(given.get(field.name, [np.nan] * n), dtype=dtype)
    return Features(**values)
