"""Reading a mapped value: a field path, an attribute, a method or an ORM expression."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from itertools import takewhile
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.files import FieldFile
from django.utils import timezone


def expression(value: Any) -> Any:
    """Return what `annotate()` takes for a mapped value: a path becomes `F(path)`, an expression stays as it is."""
    return F(value) if isinstance(value, str) else value


def fields_along(model: type[models.Model], path: str) -> Iterator[Any]:
    """Yield the fields that `path` goes through; ends at the first step that is no field or leads nowhere further."""
    current: Any = model
    for part in path.split("__"):
        try:
            field = current._meta.get_field(part)
        except FieldDoesNotExist:
            return
        yield field
        if field.related_model is None:
            return
        current = field.related_model


def relation(model: type[models.Model], path: Any) -> str:
    """Return the leading foreign keys of `path` as `select_related` wants them, or '' where there are none."""
    if not isinstance(path, str):
        return ""
    followed = takewhile(lambda field: field.many_to_one or field.one_to_one, fields_along(model, path))
    return "__".join(field.name for field in followed)


def is_condition(value: Any) -> bool:
    """Say whether `value` can stand in a `filter()`: a Q, an Exists, a comparison."""
    return bool(getattr(value, "conditional", False))


def paths_in(value: Any) -> list[str]:
    """Return the field paths that a mapped value mentions: itself, or those inside a Q or an expression."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Q):
        found: list[str] = []
        children: list[Any] = list(value.children)
        for child in children:
            found += [child[0], *paths_in_value(child[1])] if isinstance(child, tuple) else paths_in(child)
        return found
    return paths_in_value(value)


def paths_in_value(value: Any) -> list[str]:
    """Return the paths inside an expression; a plain value, and a subquery of its own, mention none of ours."""
    if isinstance(value, F):
        return [str(vars(value)["name"])]
    if hasattr(value, "query") or not hasattr(value, "get_source_expressions"):
        return []
    return [path for source in value.get_source_expressions() if source is not None for path in paths_in(source)]


def crosses_many(model: type[models.Model], value: Any) -> bool:
    """Say whether a condition looks at several rows per item, so that joining them would repeat the item."""
    fields = (field for path in paths_in(value) for field in fields_along(model, path))
    return any(field.one_to_many or field.many_to_many for field in fields)


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
    """Return an aware datetime in UTC: a bare date is its midnight, and naive times are in the project's time zone.

    Not in the active one, which follows whoever asks: the same row must be the same moment in every request.
    """
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if value.tzinfo is UTC:
        return value
    if timezone.is_naive(value):
        value = timezone.make_aware(value, timezone.get_default_timezone())
    return value.astimezone(UTC)
