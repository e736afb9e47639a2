"""Reading a mapped value: a field path, an attribute, a method or an ORM expression."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.db.models import F
from django.db.models.fields.files import FieldFile
from django.utils import timezone


def expression(value: Any) -> Any:
    """Return what `annotate()` takes for a mapped value: a path becomes `F(path)`, an expression stays as it is."""
    return F(value) if isinstance(value, str) else value


def relation(model: type[models.Model], path: Any) -> str:
    """Return the leading foreign keys of `path` as `select_related` wants them, or '' where there are none."""
    if not isinstance(path, str):
        return ""
    followed: list[str] = []
    current: Any = model
    for part in path.split("__"):
        try:
            field = current._meta.get_field(part)
        except FieldDoesNotExist:
            break
        if not (field.many_to_one or field.one_to_one) or field.related_model is None:
            break
        followed.append(part)
        current = field.related_model
    return "__".join(followed)


def read(obj: Any, path: str) -> Any:
    """Follow `path` over attributes, calling what is callable; None where a step is missing or empty."""
    value: Any = obj
    for part in path.split("__"):
        try:
            value = getattr(value, part, None)
        except ObjectDoesNotExist:
            return None
        if value is None:
            return None
        if callable(value):
            value = value()
    return value


def text(value: Any) -> str:
    return "" if value is None else str(value)


def image_url(value: Any) -> str:
    """Return the URL of a file field or the text as it is; an empty file field has none."""
    if isinstance(value, FieldFile):
        return value.url if value else ""
    return text(value)


def money(value: Any) -> Decimal | None:
    """Return the amount as Decimal; None for nothing, for what is no number, and for nan or infinity."""
    if value is None:
        return None
    try:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def moment(value: datetime | date | None) -> datetime | None:
    """Return an aware datetime: a bare date is its midnight, a naive time is in the current time zone."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if value.tzinfo is UTC:
        return value
    return timezone.make_aware(value) if timezone.is_naive(value) else value.astimezone(UTC)
