"""Rows out of drafts: bulk, idempotent by id, the same on SQLite and PostgreSQL.

`INSERT OR IGNORE` would also swallow rows that break a NOT NULL, so the conflict is always named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connections, models, router, transaction

from django_personalize.core.types import DecisionDraft, EventDraft, ImpressionDraft, Slot
from django_personalize.models import Decision, Event, Impression

CHUNK = 10_000
_FOLLOWS_THE_SHOP = ("quantity", "price", "currency", "occurred_at", "visitor_id")


def insert_events(drafts: Iterable[EventDraft], *, received_at: datetime) -> int:
    """Insert those whose uid is not there yet, and return how many that were."""
    return _write(Event, _event_rows(drafts, received_at), on_conflict="(uid) DO NOTHING")


def upsert_events(drafts: Iterable[EventDraft], *, received_at: datetime) -> int:
    """Insert, or bring what changed in line with the shop; return how many rows were new or differed."""
    table = Event._meta.db_table
    changes = ", ".join(f"{column} = excluded.{column}" for column in _FOLLOWS_THE_SHOP)
    differs = " OR ".join(f"{table}.{column} IS DISTINCT FROM excluded.{column}" for column in _FOLLOWS_THE_SHOP)
    return _write(Event, _event_rows(drafts, received_at), on_conflict=f"(uid) DO UPDATE SET {changes} WHERE {differs}")


def insert_decisions(drafts: Iterable[DecisionDraft]) -> int:
    rows = (
        {
            "uid": draft.uid,
            "visitor_id": draft.visitor_id,
            "placement": draft.placement,
            "decided_at": draft.decided_at,
            "pipeline": draft.pipeline,
            "rung": draft.rung,
            "model_version": draft.model_version,
            "context": list(draft.context),
            "rules": list(draft.rules),
            "experiment": draft.experiment,
            "variant": draft.variant,
            "consent": list(draft.consent),
            "slots": [_slot(slot) for slot in draft.slots],
        }
        for draft in drafts
    )
    return _write(Decision, rows, on_conflict="(uid) DO NOTHING")


def insert_impressions(drafts: Iterable[ImpressionDraft]) -> int:
    rows = (
        {
            "decision_id": draft.decision_id,
            "slot": draft.slot,
            "item_key": draft.item_key,
            "seen_at": draft.seen_at,
        }
        for draft in drafts
    )
    return _write(Impression, rows, on_conflict="(decision_id, slot) DO NOTHING")


def _event_rows(drafts: Iterable[EventDraft], received_at: datetime) -> Iterable[dict[str, Any]]:
    for draft in drafts:
        yield {
            "uid": draft.uid,
            "kind": draft.kind,
            "occurred_at": draft.occurred_at,
            "received_at": received_at,
            "visitor_id": draft.visitor_id,
            "item_key": draft.item_key,
            "quantity": draft.quantity,
            "price": draft.price,
            "currency": draft.currency,
            "transaction_id": draft.transaction_id,
            "decision_id": draft.decision_id,
        }


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


def _write(model: type[models.Model], rows: Iterable[dict[str, Any]], *, on_conflict: str) -> int:
    connection = connections[router.db_for_write(model)]
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    names = [str(field.attname) for field in fields]
    prepare = [_preparation(field, connection) for field in fields]
    sql = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(str(field.column) for field in fields)}) "
        f"VALUES ({', '.join(['%s'] * len(fields))}) ON CONFLICT {on_conflict}"
    )
    prepared = ([ready(row[name]) for name, ready in zip(names, prepare, strict=True)] for row in rows)
    if not (chunk := list(islice(prepared, CHUNK))):
        return 0
    written = 0
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        while chunk:
            cursor.executemany(sql, chunk)
            written += max(cursor.rowcount, 0)
            chunk = list(islice(prepared, CHUNK))
    return written


def _preparation(field: Any, connection: Any) -> Callable[[Any], Any]:
    """Return how a value of this field becomes a parameter; text and whole numbers pass untouched, and fast."""
    if isinstance(field, models.CharField | models.IntegerField):
        return _same
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return lambda value: None if value is None else target.get_db_prep_save(value, connection)


def _same(value: Any) -> Any:
    return value
