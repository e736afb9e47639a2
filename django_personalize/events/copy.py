"""Many rows at once into PostgreSQL: copied beside the table, then inserted by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connections, models

FROM = 50
"""Rows from which on it is faster than row by row."""


def pays(connection: Any, rows: int) -> bool:
    """Say whether so many rows go this way: only into PostgreSQL, by psycopg 3."""
    return rows >= FROM and connection.vendor == "postgresql" and _is_possible(connection.alias)


@cache
def _is_possible(alias: str) -> bool:
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    if not is_psycopg3:
        return False
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
        return bool(cursor.fetchone()[0])


def insert(
    connection: Any,
    cursor: Any,
    model: type[models.Model],
    fields: Sequence[Any],
    columns: Sequence[Sequence[Any]],
    on_conflict: str,
) -> int:
    """Insert prepared columns, each with its field, and return how many rows were inserted or updated.

    Needs an open transaction, at whose end the table beside goes. A column of one value only is not copied.
    """
    quote = connection.ops.quote_name
    names = [quote(field.column) for field in fields]
    told = [place for place, column in enumerate(columns) if not place or not _is_one_value(column)]
    sources = [f"%s::{field.db_type(connection)}" for field in fields]
    for place in told:
        sources[place] = names[place]
    constants = [column[0] for place, column in enumerate(columns) if place not in told]
    table, beside = model._meta.db_table, quote(f"{model._meta.db_table}_incoming")
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {beside} ON COMMIT DROP AS SELECT * FROM {table} WITH NO DATA"
    )
    statement = f"COPY {beside} ({', '.join(names[place] for place in told)}) FROM STDIN"
    with connection.wrap_database_errors, cursor.copy(statement) as copying:
        for row in zip(*(columns[place] for place in told), strict=True):
            copying.write_row(row)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(sources)} FROM {beside} ON CONFLICT {on_conflict}",
        constants,
    )
    written: int = cursor.rowcount
    cursor.execute(f"TRUNCATE {beside}")
    return written


def _is_one_value(column: Sequence[Any]) -> bool:
    first = column[0]
    return bool(column[-1] == first) and column.count(first) == len(column)
