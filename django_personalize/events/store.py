"""Rows out of drafts: bulk, idempotent by id, the same on SQLite and PostgreSQL.

`INSERT OR IGNORE` would also swallow rows that break a NOT NULL, so the conflict is always named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connections, models, router, transaction

from django_personalize.core.types import DecisionDraft, EventDraft, ImpressionDraft, Slot
from django_personalize.events import copy
from django_personalize.models import Decision, Event, Impression

CHUNK = 10_000
ORDER_FIELDS = (
    "uid",
    "kind",
    "occurred_at",
    "received_at",
    "visitor",
    "item_key",
    "item_variant",
    "quantity",
    "price",
    "list_price",
    "currency",
    "transaction_id",
    "scope",
)
"""What an order line can say; the database fills in the rest."""
NOW = frozenset(["received_at", "changed_at"])
"""What is the moment of writing, in whatever is written."""
EVENT_FIELDS = (
    *ORDER_FIELDS,
    "decision_id",
    "item_list_id",
    "index",
    "promotion_id",
    "search_term",
    "results",
    "engagement_time_msec",
    "reason",
    "device",
    "referrer",
    "campaign",
)
DECISION_FIELDS = (
    "uid",
    "visitor",
    "placement",
    "decided_at",
    "pipeline",
    "rung",
    "model_version",
    "context",
    "rules",
    "experiment",
    "variant",
    "consent",
    "slots",
    "surface",
    "page",
    "scope",
    "device",
    "language",
    "wanted",
    "candidates",
    "holdout",
    "took_ms",
)
IMPRESSION_FIELDS = ("decision", "slot", "item_key", "seen_at")
_FOLLOWS_THE_SHOP = (
    "item_key",
    "item_variant",
    "quantity",
    "price",
    "list_price",
    "currency",
    "occurred_at",
    "visitor_id",
    "scope",
)


def insert_events(drafts: Iterable[EventDraft], *, received_at: datetime) -> int:
    """Insert those whose uid is not there yet, and return how many that were."""
    rows = _event_rows(drafts, EVENT_FIELDS, received_at)
    return _write(Event, EVENT_FIELDS, rows, on_conflict="(uid) DO NOTHING")


def upsert_order_events(drafts: Iterable[EventDraft], *, received_at: datetime, gone: bool = False) -> int:
    """Insert purchases and refunds, or bring them in line with the shop; return how many were new or differed.

    With `gone` the shop no longer has these products: rows that are there keep the item that they name.
    """
    follows = [column for column in _FOLLOWS_THE_SHOP if not (gone and column in ("item_key", "item_variant"))]
    table = Event._meta.db_table
    differs_from = "IS NOT" if connections[router.db_for_write(Event)].vendor == "sqlite" else "IS DISTINCT FROM"
    changes = ", ".join(f"{column} = excluded.{column}" for column in (*follows, "changed_at"))
    changed = " OR ".join(f"{table}.{column} {differs_from} excluded.{column}" for column in follows)
    names = (*ORDER_FIELDS, "changed_at")
    rows = _event_rows(drafts, names, received_at)
    return _write(Event, names, rows, on_conflict=f"(uid) DO UPDATE SET {changes} WHERE {changed}")


def insert_decisions(drafts: Iterable[DecisionDraft]) -> int:
    rows = (
        (
            draft.uid,
            draft.visitor_id,
            draft.placement,
            draft.decided_at,
            draft.pipeline,
            draft.rung,
            draft.model_version,
            list(draft.context),
            list(draft.rules),
            draft.experiment,
            draft.variant,
            list(draft.consent),
            [_slot(slot) for slot in draft.slots],
            draft.surface,
            draft.page,
            draft.scope,
            draft.device,
            draft.language,
            draft.wanted,
            draft.candidates,
            draft.holdout,
            draft.took_ms,
        )
        for draft in drafts
    )
    return _write(Decision, DECISION_FIELDS, rows, on_conflict="(uid) DO NOTHING")


def insert_impressions(drafts: Iterable[ImpressionDraft]) -> int:
    rows = ((draft.decision_id, draft.slot, draft.item_key, draft.seen_at) for draft in drafts)
    return _write(Impression, IMPRESSION_FIELDS, rows, on_conflict="(decision_id, slot) DO NOTHING")


def _event_rows(drafts: Iterable[EventDraft], names: Sequence[str], received_at: datetime) -> Iterator[tuple[Any, ...]]:
    received = names.index("received_at")
    values = attrgetter(*("visitor_id" if name == "visitor" else name for name in names if name not in NOW))
    last = (received_at,) if names[-1] == "changed_at" else ()
    for draft in drafts:
        row = values(draft)
        yield (*row[:received], received_at, *row[received:], *last)


def _slot(slot: Slot) -> dict[str, Any]:
    return {
        "slot": slot.slot,
        "item_key": slot.item_key,
        "source": slot.source,
        "score": round(slot.score, 6),
        "propensity": slot.propensity,
        "reason": slot.reason.code,
        "anchor": slot.reason.anchor,
        "block": slot.block,
    }


def _write(
    model: type[models.Model], names: Sequence[str], rows: Iterable[tuple[Any, ...]], *, on_conflict: str
) -> int:
    """Write rows of `names`, in that order, in one transaction; return how many rows were inserted or updated."""
    rows = iter(rows)
    if not (chunk := list(islice(rows, CHUNK))):
        return 0
    connection = connections[router.db_for_write(model)]
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    prepare = [(place, ready) for place, field in enumerate(fields) if (ready := _preparation(field, connection))]
    written = 0
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        while chunk:
            columns: list[Sequence[Any]] = list(zip(*chunk, strict=True))
            for place, ready in prepare:
                columns[place] = ready(columns[place])
            # A statement that updates must meet each row once; one after another may meet it again.
            in_bulk = copy.pays(connection, len(chunk)) and (
                on_conflict.endswith("NOTHING") or len(set(columns[0])) == len(chunk)
            )
            write = copy.insert if in_bulk else _one_by_one
            written += write(connection, cursor, model, fields, columns, on_conflict)
            chunk = list(islice(rows, CHUNK))
    return written


def _one_by_one(
    connection: Any,
    cursor: Any,
    model: type[models.Model],
    fields: Sequence[Any],
    columns: Sequence[Sequence[Any]],
    on_conflict: str,
) -> int:
    quote = connection.ops.quote_name  # "index" is a word of SQL
    cursor.executemany(
        f"INSERT INTO {model._meta.db_table} ({', '.join(quote(field.column) for field in fields)}) "
        f"VALUES ({', '.join(['%s'] * len(fields))}) ON CONFLICT {on_conflict}",
        list(zip(*columns, strict=True)),
    )
    written: int = cursor.rowcount
    return max(written, 0)


def _preparation(field: Any, connection: Any) -> Callable[[Sequence[Any]], list[Any]] | None:
    """Return how a column of this field becomes parameters; None where its values pass as they are.

    Preparing is most of the time of a back-fill, and most values of a column are equal (the lines of an order share
    their time, prices repeat), so each distinct value of a chunk is prepared once.
    """
    if isinstance(field, models.CharField | models.IntegerField):
        return None
    target = field.target_field if isinstance(field, models.ForeignKey) else field

    def ready(value: Any) -> Any:
        return None if value is None else target.get_db_prep_save(value, connection)

    if isinstance(target, models.JSONField):
        return lambda column: [ready(value) for value in column]
    if isinstance(target, models.DateTimeField) and connection.vendor == "postgresql":
        return None
    if isinstance(target, models.UUIDField):
        if connection.features.has_native_uuid_field:
            return None
        return lambda column: [None if value is None else value.hex for value in column]

    def once(column: Sequence[Any]) -> list[Any]:
        known = {value: ready(value) for value in set(column)}
        return [known[value] for value in column]

    return once
