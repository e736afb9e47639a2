"""A log as the rows that the shop's own capture would have stored, for demos and for tests of whatever reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from django_personalize.core.types import EventDraft
from django_personalize.events.vocabulary import PURCHASE, REFUND, VIEW_ITEM_LIST
from django_personalize.simulator.log import Log

NAMESPACE = uuid5(NAMESPACE_URL, "django_personalize.simulator")


def drafts(log: Log, visitors: Mapping[str, UUID]) -> Iterator[EventDraft]:
    """Yield an event per order line, per return and per deed of those in `visitors`, shopper key to `Visitor` id.

    Order lines of everybody else come without a visitor, their deeds not at all. What was merely seen in a row has no
    decision behind it here, and is left out. Ids follow from keys and places: the same log gives the same.
    """
    buyers = {line.order: visitors.get(line.shopper) for line in log.lines if line.shopper in log.consenting}
    for line in log.lines:
        yield EventDraft(
            uid=uuid5(NAMESPACE, f"{line.order} {line.item}"),
            kind=PURCHASE,
            occurred_at=datetime.fromtimestamp(line.at, UTC),
            visitor_id=buyers.get(line.order),
            item_key=line.item,
            quantity=line.quantity,
            price=_money(line.price),
            list_price=_money(line.list_price),
            transaction_id=line.order,
        )
    for back in log.backs:
        yield EventDraft(
            uid=uuid5(NAMESPACE, f"{back.order} {back.item} back"),
            kind=REFUND,
            occurred_at=datetime.fromtimestamp(back.at, UTC),
            visitor_id=buyers.get(back.order),
            item_key=back.item,
            quantity=back.quantity,
            transaction_id=back.order,
        )
    for number, deed in enumerate(log.deeds):
        if deed.kind == VIEW_ITEM_LIST or deed.shopper not in visitors:
            continue
        yield EventDraft(
            uid=uuid5(NAMESPACE, f"{deed.shopper} {number}"),
            kind=deed.kind,
            occurred_at=datetime.fromtimestamp(deed.at, UTC),
            visitor_id=visitors[deed.shopper],
            item_key=deed.item,
            index=deed.slot or None,
            search_term=deed.term,
            engagement_time_msec=deed.milliseconds or None,
        )


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))
