"""Keys are text: of a number, a UUID, a slug, or of a primary key of several columns. And back, for what is one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError
from django.db import connections, models, router
from django.db.backends.utils import format_number

from django_personalize.core.text import storable

LONGEST = 64
"""Characters that we keep of a key."""
AT_ONCE = 10_000
"""Keys in one query: databases limit its parameters."""


def key_of(pk: Any) -> str:
    """Return the text of a primary key; the parts of a composite one are percent-encoded and joined by commas."""
    if isinstance(pk, tuple | list):
        return ",".join(quote(str(part), safe="", errors="surrogatepass") for part in pk)
    return str(pk)


def key_held(field: Any, value: Any) -> str:
    """Return the key of what a row holds in `field`, though it may not have been read from the database since.

    '' where that cannot be told: nothing is there yet, or the database is to work it out.
    """
    if isinstance(field, models.CompositePrimaryKey):
        parts = [key_held(part, each) for part, each in zip(field.fields, value, strict=True)]
        return key_of(parts) if all(parts) else ""
    while field.remote_field is not None:
        field = field.target_field
    if value is None or value == "" or hasattr(value, "resolve_expression"):
        return ""
    try:
        return key_of(field.to_python(value))
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        return ""


def pk_of(model: type[models.Model], key: str) -> Any:
    """Return the primary key that `key` is the text of; None for what can be none, whoever made it up."""
    pk = model._meta.pk
    if not isinstance(pk, models.CompositePrimaryKey):
        return value_of(model, pk, key)
    parts = key.split(",")
    if len(parts) != len(pk.fields):
        return None
    values = tuple(value_of(model, field, unquote(part)) for field, part in zip(pk.fields, parts, strict=True))
    return None if None in values else values


def pks_of(model: type[models.Model], keys: Iterable[str]) -> dict[str, Any]:
    """Return the primary keys by their texts, without those that can be none."""
    return {key: pk for key in dict.fromkeys(keys) if (pk := pk_of(model, key)) is not None}


def value_of(model: type[models.Model], field: Any, text: str) -> Any:
    """Return what `field` holds where it reads `text`; None where the database could not even be asked for it."""
    while field.remote_field is not None:
        model, field = field.related_model, field.target_field
    if not text or not storable(text):
        return None
    try:
        value = field.to_python(text)
        if isinstance(value, Decimal):
            held = Decimal(format_number(value, field.max_digits, field.decimal_places) or "nan")
            return held if held == value else None
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        return None
    if isinstance(value, int):
        # A number beyond what the column can hold is an error in some databases, where it is none in others.
        operations = connections[router.db_for_read(model)].ops
        kind = field.get_internal_type()
        low, high = operations.integer_field_range(kind) if kind in operations.integer_field_ranges else (None, None)
        if (low is not None and value < low) or (high is not None and value > high):
            return None
    return value
