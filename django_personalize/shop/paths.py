"""Paths from one model to a value: over fields for the database, over attributes for a row in hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

MOST = Decimal(10) ** 13
"""No price is higher, and no column of ours could hold one."""
MOST_PIECES = 10**9
PLACES = 4
"""Places behind the point that we keep of a price."""


def expression(value: Any) -> Any:
    """Return what `annotate()` takes for a mapped value: a path becomes `F(path)`, an expression stays as it is."""
    return F(value) if isinstance(value, str) else value


def fields_along(model: Any, path: str) -> Iterator[Any]:
    """Yield the fields that `path` goes through; ends at the first step that is no field or leads nowhere further."""
    current = model
    for part in path.split("__"):
        try:
            field = current._meta.pk if part == "pk" else current._meta.get_field(part)
        except FieldDoesNotExist:
            return
        yield field
        if field.related_model is None:
            return
        current = field.related_model


def key_path(model: type[models.Model], path: Any) -> Any:
    """Return `path` so that a foreign key at its end gives the primary key of what it leads to.

    It gives another column where the shop wrote `to_field`. What is no path stays as it is.
    """
    if not isinstance(path, str):
        return path
    fields = list(fields_along(model, path))
    if len(fields) < path.count("__") + 1 or not fields[-1].is_relation:
        return path
    last = fields[-1]
    if last.concrete and not last.many_to_many and last.target_field.primary_key:
        return path
    before, _, name = path.rpartition("__")
    name = last.name if name == getattr(last, "attname", "") else name
    return f"{before}__{name}__pk" if before else f"{name}__pk"


def is_condition(value: Any) -> bool:
    """Say whether `value` can stand in a `filter()`: a Q, an Exists, a comparison."""
    return bool(getattr(value, "conditional", False))


def paths_in(value: Any) -> list[str]:
    """Return the field paths that a mapped value mentions: itself, or those inside a Q or an expression."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple):
        return [path for each in value for path in paths_in(each)]
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


def many_along(model: type[models.Model], value: Any) -> set[str]:
    """Return how far each path in a mapped value goes until it has crossed to several rows."""
    return {
        "__".join(path.split("__")[:place])
        for path in paths_in(value)
        for place, field in enumerate(fields_along(model, path), 1)
        if field.one_to_many or field.many_to_many
    }


def crosses_many(model: type[models.Model], value: Any) -> bool:
    """Say whether a mapped value looks at several rows per row, so that joining them would repeat it."""
    return bool(many_along(model, value))


def text(value: Any) -> str:
    return "" if value is None else str(value)


def image_url(value: Any) -> str:
    """Return the URL of a file, or the text as it is; an empty file field has none."""
    if value is None or isinstance(value, str):
        return value or ""
    return text(value.url) if value and hasattr(value, "url") else text(value or "")


def money(value: Any) -> Decimal | None:
    """Return the amount as Decimal; None for nothing, for what is no number, and for nan or infinity."""
    if type(value) is not Decimal:
        value = getattr(value, "amount", value)
        if value is None:
            return None
        if isinstance(value, float):
            value = round(value, PLACES)  # what 0.1 + 0.2 adds is no part of a price
        try:
            value = value if isinstance(value, Decimal) else Decimal(str(value).strip())
        except (InvalidOperation, ValueError):
            return None
    if not value.is_finite() or not -MOST < value < MOST:
        return None
    # Of 1e-1000000 and of 0e1000000 a database would write out every digit.
    return value if -PLACES <= value.adjusted() <= MOST.adjusted() else Decimal(0)


def pieces(value: Any) -> int | None:
    """Return how many pieces a quantity counts as; None for what is no number of pieces. A part of one is one."""
    if type(value) is not int:
        try:
            amount = Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value).strip())
            # Looked at before it is a number of ours: of 1e1000000, which anybody can write, int() makes every digit.
            if not amount.is_finite() or amount.adjusted() >= len(str(MOST_PIECES)):
                return None
            value = int(amount) if not -1 < amount < 1 else int(amount > 0)
        except (ArithmeticError, ValueError):
            return None
    return value if -MOST_PIECES < value < MOST_PIECES else None


def moment(value: Any) -> datetime | None:
    """Return an aware datetime in UTC: a bare date is its midnight, and naive times are in the project's time zone.

    Not in the active one, which follows whoever asks: the same row must be the same moment in every request. None for
    what is no time.
    """
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    try:
        if isinstance(value, str):
            value = parse_datetime(value) or parse_date(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time.min)
        if not isinstance(value, datetime):
            return None
        found: datetime = value
        if timezone.is_naive(found):
            found = timezone.make_aware(found, timezone.get_default_timezone())
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
