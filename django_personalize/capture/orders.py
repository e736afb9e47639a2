"""Orders are reconciled: their lines are read again through the mapping, and our rows follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from uuid import UUID

from django.db import transaction

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import EventDraft, Line, Purpose
from django_personalize.events import store
from django_personalize.events.vocabulary import ORDER_KINDS, PURCHASE, REFUND
from django_personalize.models import Event, Visitor

CHUNK = 10_000
"""Lines per transaction: nobody's log-in waits for longer than one of them takes."""
KEY_LENGTH = 64


@dataclass(slots=True)
class Reconciled:
    """What one run saw in the shop, and how many of our rows it wrote."""

    lines: int = 0
    orders: int = 0
    refunds: int = 0
    refused: int = 0
    """Lines whose keys are longer than we keep."""
    written: int = 0
    """Rows that were new or differed; 0 when everything was there already."""
    removed: int = 0
    """Rows of lines and returns that the shop no longer has, or no longer counts as sold; full runs only."""


def reconcile(*, user_key: str | None = None, progress: Callable[[int, int], None] | None = None) -> Reconciled:
    """Bring our purchases and refunds in line with the shop's orders: all of them, or one account's.

    Idempotent: ids are derived from order and line. Each chunk is a transaction of its own, in which the visitors that
    it links are locked, so that nobody who withdraws meanwhile is linked again. A buyer is linked only while one of
    their browsers grants `personalization`; everyone else's lines carry no visitor. `progress` gets (done, total).
    """
    shop, started = settings.shop, clock.now()
    total = shop.count_lines() if progress is not None else 0
    report, orders, seen = Reconciled(), set[str](), bytearray()
    lines = iter(shop.lines(user_key=user_key))
    while chunk := list(islice(lines, CHUNK)):
        report.lines += len(chunk)
        orders.update(line.order_key for line in chunk)
        kept = [line for line in chunk if max(len(line.item_key), len(line.order_key)) <= KEY_LENGTH]
        report.refused += len(chunk) - len(kept)
        with transaction.atomic():
            drafts = list(_drafts(kept, _linked(kept)))
            report.written += store.upsert_order_events(drafts, received_at=clock.now())
        report.refunds += sum(draft.kind == REFUND for draft in drafts)
        seen += b"".join(draft.uid.bytes for draft in drafts)
        if progress is not None:
            progress(report.lines, max(total, report.lines))
    report.orders = len(orders)
    if user_key is None:
        report.removed = _remove_except(bytes(seen), started)
    return report


def _linked(lines: Sequence[Line]) -> dict[str, UUID]:
    """Return the visitor that carries each consenting account's orders: its oldest browser that says yes."""
    accounts = sorted({line.user_key for line in lines if line.user_key})
    granting = Visitor.objects.granting(Purpose.PERSONALIZATION).exclude(user_key="")
    if not accounts or not granting.exists():
        return {}
    found: dict[str, UUID] = {}
    for start in range(0, len(accounts), 500):
        rows = granting.filter(user_key__in=accounts[start : start + 500]).select_for_update()
        found |= dict(rows.order_by("-created_at", "-pk").values_list("user_key", "pk"))
    return found


def _uid(kind: str, line: Line) -> UUID:
    """Return the id that this line's event has for ever, whoever reads it and whenever."""
    return UUID(bytes=blake2b(f"{kind}:{line.order_key}:{line.key}".encode(), digest_size=16).digest())


def _remove_except(seen: bytes, started: datetime) -> int:
    """Delete what stands for no line any more; what came in since `started` stays.

    All of `seen`, sixteen bytes a line, is stored, so equal counts mean that nothing else is.
    """
    rows = Event.objects.filter(kind__in=ORDER_KINDS)
    if rows.count() * 16 == len(seen):
        return 0
    wanted = {seen[start : start + 16] for start in range(0, len(seen), 16)}
    before = rows.filter(received_at__lt=started).values_list("uid", flat=True)
    stale = [uid for uid in before.iterator() if uid.bytes not in wanted]
    for start in range(0, len(stale), 500):
        Event.objects.filter(uid__in=stale[start : start + 500]).delete()
    return len(stale)


def _drafts(lines: Iterable[Line], linked: dict[str, UUID]) -> Iterator[EventDraft]:
    for line in lines:
        visitor_id = linked.get(line.user_key) if line.user_key else None
        currency = line.currency if len(line.currency) == 3 else ""
        yield EventDraft(
            uid=_uid(PURCHASE, line),
            kind=PURCHASE,
            occurred_at=line.placed_at,
            visitor_id=visitor_id,
            item_key=line.item_key,
            quantity=line.quantity,
            price=line.price,
            currency=currency,
            transaction_id=line.order_key,
        )
        if line.cancelled_quantity:
            yield EventDraft(
                uid=_uid(REFUND, line),
                kind=REFUND,
                occurred_at=line.cancelled_at or line.placed_at,
                visitor_id=visitor_id,
                item_key=line.item_key,
                quantity=line.cancelled_quantity,
                price=line.price,
                currency=currency,
                transaction_id=line.order_key,
            )
