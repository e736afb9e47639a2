"""Orders are reconciled: their lines are read again through the mapping, and our rows follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import EventDraft, Line, Purpose
from django_personalize.events import store
from django_personalize.events.vocabulary import PURCHASE, REFUND
from django_personalize.models import Event, Visitor


@dataclass(slots=True)
class Reconciled:
    """What one run saw in the shop, and how many of our rows it wrote."""

    lines: int = 0
    orders: int = 0
    refunds: int = 0
    written: int = 0
    """Rows that were new or differed; 0 when everything was there already."""
    withdrawn: int = 0
    """Refunds that the shop has taken back since."""


def reconcile(*, user_key: str | None = None, progress: Callable[[int, int], None] | None = None) -> Reconciled:
    """Bring our purchases and refunds in line with the shop's orders: all of them, or one account's.

    Idempotent: ids are derived from order and line. A buyer is linked only while one of their browsers grants
    `personalization`; everyone else's lines carry no visitor. `progress` gets (done, total) lines.
    """
    shop = settings.shop
    total = shop.count_lines() if progress is not None else 0
    report = Reconciled()
    lines = shop.lines(user_key=user_key)
    refunds: set[UUID] = set()
    drafts = _drafts(_watched(lines, report, progress, total), _linked(user_key), refunds)
    report.written = store.upsert_events(drafts, received_at=clock.now())
    report.refunds = len(refunds)
    if user_key is None:
        report.withdrawn = _drop_refunds_except(refunds)
    if progress is not None:
        progress(report.lines, max(total, report.lines))
    return report


def _linked(user_key: str | None) -> dict[str, UUID]:
    """Return the visitor that carries each consenting account's orders: its oldest browser that says yes."""
    rows = Visitor.objects.granting(Purpose.PERSONALIZATION).exclude(user_key="")
    if user_key is not None:
        rows = rows.filter(user_key=user_key)
    return dict(rows.order_by("-created_at", "-pk").values_list("user_key", "pk"))


def _watched(
    lines: Iterable[Line], report: Reconciled, progress: Callable[[int, int], None] | None, total: int
) -> Iterator[Line]:
    orders: set[str] = set()
    for line in lines:
        report.lines += 1
        orders.add(line.order_key)
        report.orders = len(orders)
        if progress is not None and report.lines % 20_000 == 0:
            progress(report.lines, total)
        yield line


def _uid(kind: str, line: Line) -> UUID:
    """Return the id that this line's event has for ever, whoever reads it and whenever."""
    return UUID(bytes=blake2b(f"{kind}:{line.order_key}:{line.key}".encode(), digest_size=16).digest())


def _drop_refunds_except(wanted: set[UUID]) -> int:
    stale = [
        uid for uid in Event.objects.filter(kind=REFUND).values_list("uid", flat=True).iterator() if uid not in wanted
    ]
    for start in range(0, len(stale), 500):
        Event.objects.filter(uid__in=stale[start : start + 500]).delete()
    return len(stale)


def _drafts(lines: Iterable[Line], linked: dict[str, UUID], refunds: set[UUID]) -> Iterator[EventDraft]:
    for line in lines:
        visitor_id = linked.get(line.user_key) if line.user_key else None
        yield EventDraft(
            uid=_uid(PURCHASE, line),
            kind=PURCHASE,
            occurred_at=line.placed_at,
            visitor_id=visitor_id,
            item_key=line.item_key,
            quantity=line.quantity,
            price=line.price,
            currency=line.currency,
            transaction_id=line.order_key,
        )
        if line.cancelled_quantity:
            uid = _uid(REFUND, line)
            refunds.add(uid)
            yield EventDraft(
                uid=uid,
                kind=REFUND,
                occurred_at=line.cancelled_at or line.placed_at,
                visitor_id=visitor_id,
                item_key=line.item_key,
                quantity=line.cancelled_quantity,
                price=line.price,
                currency=line.currency,
                transaction_id=line.order_key,
            )
