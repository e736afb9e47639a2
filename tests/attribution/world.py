"""Somebody who is shown something, clicks on it and buys it: everything by the ways that a shop uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django_personalize.capture.orders import reconcile
from django_personalize.core import clock
from django_personalize.core.types import DecisionDraft, EventDraft, Line, Reason, Slot
from django_personalize.events import store
from django_personalize.models import Credit, Visitor
from django_personalize.testing.doubles import MemoryShop
from tests.conftest import line
from tests.people import visitor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shopper(account: str = "7", *purposes: str, **changes: Any) -> Visitor:
    return visitor(*(purposes or ("analytics", "personalization")), user_key=account, **changes)


def shown(to: Visitor, *items: str, placement: str = "home", at: datetime | None = None, **changes: Any) -> UUID:
    """A decision, and its id."""
    slots = tuple(
        Slot(slot=n, item_key=key, source="popular", score=1.0, propensity=1.0, reason=Reason(code="popular"))
        for n, key in enumerate(items, 1)
    )
    values: dict[str, Any] = {
        "uid": uuid4(), "visitor_id": to.pk, "placement": placement, "decided_at": at or clock.now(), "pipeline": "x",
        "rung": "popular", "model_version": None, "context": (), "rules": (), "experiment": "", "variant": "",
        "consent": ("analytics",), "slots": slots,
    }  # fmt: skip
    draft = DecisionDraft(**(values | changes))
    store.insert_decisions([draft])
    return draft.uid


def clicked(
    by: Visitor,
    decision: UUID,
    item: str,
    *,
    slot: int = 1,
    at: datetime | None = None,
    kind: str = "select_item",
    placement: str = "home",
) -> None:
    click = EventDraft(
        uid=uuid4(), kind=kind, occurred_at=at or clock.now(), visitor_id=by.pk, item_key=item, decision_id=decision,
        item_list_id=placement, index=slot,
    )  # fmt: skip
    store.insert_events([click], received_at=clock.now())


def bought(order: str, item: str, *, key: str = "1", account: str = "7", **changes: Any) -> Line:
    """A line of an order in the shop's own tables, read at once; in place of one of the same key."""
    values = {"user_key": account, "placed_at": clock.now()} | changes
    made = line(f"{order}/{key}", order, item, **values)
    MemoryShop.orders = [each for each in MemoryShop.orders if each.key != made.key] + [made]
    reconcile()
    return made


def money() -> list[tuple[str, Decimal, Decimal | None, Decimal | None]]:
    """Placement, share, kept and refunded of every credit."""
    rows = Credit.objects.order_by("bought_at", "clicked_at", "placement")
    return list(rows.values_list("placement", "share", "amount", "refunded"))


def table() -> set[tuple[Any, ...]]:
    """Every credit, with ends that are the same whenever it was written."""
    names = ("purchase__uid", "decision_id", "slot", "placement", "clicked_at", "bought_at", "share", "currency")
    return set(Credit.objects.values_list(*names, "amount", "refunded"))
