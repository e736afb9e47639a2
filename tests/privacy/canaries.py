"""Somebody of whom every table holds a row in which every column has a value that stands nowhere else."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import models

from django_personalize.core import clock
from django_personalize.core.types import EventDraft
from django_personalize.events.lines import encode
from django_personalize.models import (
    Cart,
    ConsentKey,
    ConsentRecord,
    Credit,
    Decision,
    Event,
    FeedLine,
    Impression,
    Membership,
    OrderLink,
    Quarantined,
    Visitor,
)

ACCOUNT = "~account"
ORDER = "~order"
_numbers = count(36)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def mark() -> str:
    """Three letters, so that they fit into a column of a currency."""
    first, last = divmod(next(_numbers), 36)
    return f"~{_DIGITS[first % 36]}{_DIGITS[last]}"


def row(model: type[models.Model], **fixed: Any) -> Any:
    """A stored row with a value of its own in every column that is not `fixed`."""
    values = {
        field.attname: fixed[field.attname] if field.attname in fixed else _value(field)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField)
    }
    return model._default_manager.create(**values)


def _value(field: Any) -> Any:
    number = next(_numbers)
    if isinstance(field, models.UUIDField):
        return uuid4()
    if isinstance(field, models.DateTimeField):
        return clock.now() - timedelta(days=1, microseconds=number)
    if isinstance(field, models.DecimalField):
        return Decimal(f"{number}.2500")
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(field, models.IntegerField):
        return number
    if isinstance(field, models.JSONField):
        return [mark()]
    if isinstance(field, models.BinaryField):
        return mark().encode() * 8
    return mark()


def told(visitor_id: UUID, **changes: Any) -> EventDraft:
    values: dict[str, Any] = {"uid": uuid4(), "kind": "view_item", "occurred_at": clock.now(), "item_key": "1"}
    return EventDraft(visitor_id=visitor_id, **(values | changes))


def person(account: str = ACCOUNT) -> Visitor:
    """Fill every table about people, and return the visitor whose rows they are."""
    yes = {"personalization": True, "analytics": True}
    me: Visitor = row(Visitor, user_key=account, granted=yes, answered_at=clock.now(), paused_at=None, objected_at=None)
    slot = {
        "slot": 1,
        "item_key": mark(),
        "source": mark(),
        "score": 1.5,
        "propensity": 1.0,
        "reason": "because_viewed",
    }
    decision = row(Decision, visitor_id=me.pk, slots=[slot | {"anchor": mark(), "block": ""}])
    row(Impression, decision_id=decision.pk)
    row(Event, visitor_id=me.pk, kind="view_item")
    purchase = row(Event, visitor_id=me.pk, kind="purchase", transaction_id=ORDER)
    row(Credit, purchase_id=purchase.pk, decision_id=decision.pk, share=Decimal("0.25"))
    row(Cart, visitor_id=me.pk)
    row(Membership, visitor_id=me.pk)
    row(OrderLink, order_key=ORDER, visitor_id=me.pk)
    row(FeedLine, order_key=ORDER, user_key=account)
    row(Quarantined, visitor_id=me.pk, sink="db", facts=1)
    row(Quarantined, visitor_id=None, sink="db", facts=1, payload=encode(told(me.pk, search_term=mark())))
    at = clock.now().isoformat()
    row(
        ConsentRecord,
        number=1,
        subject=me.browser,
        fields={"at": at, "text": mark()},
        commitment="0" * 64,
        chain="0" * 64,
    )
    row(ConsentKey, subject=me.browser)
    return me


def dump() -> str:
    """All that our tables hold, as one text: ids with and without dashes, bytes as text."""
    parts = []
    for model in apps.get_app_config("personalize").get_models():
        for values in model._default_manager.values_list():
            for value in values:
                parts.append(bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value))
                if isinstance(value, UUID):
                    parts.append(value.hex)
    return "\n".join(parts)


def marks_in(text: str) -> set[str]:
    return set(re.findall(r"~[0-9a-z]+", text))
