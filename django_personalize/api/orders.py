"""Taking orders in: each replaces what was told of it before, and its purchases and refunds follow at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from rest_framework import serializers

from django_personalize.api.fields import (
    MOST_FAULTS,
    Key,
    Moment,
    Opaque,
    Problem,
    Record,
    Word,
    amount,
    count,
    problem,
)
from django_personalize.api.people import browsers_of
from django_personalize.api.taken import Taken
from django_personalize.capture.orders import oldest_kept, reconcile_orders
from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.models import FeedLine, OrderLink, Visitor
from django_personalize.visitors.forgotten import Kind, forgotten

LIMIT = 200
MOST_LINES = 500
PLACED, CANCELLED, UNPAID = "placed", "cancelled", "unpaid"
TOLD = (
    "item_key",
    "quantity",
    "cancelled_quantity",
    "cancelled_at",
    "placed_at",
    "placed",
    "price",
    "list_price",
    "currency",
    "user_key",
    "updated",
)

Told = tuple[int, dict[str, Any], list[dict[str, Any]]]
"""An order's place in the batch, its own values, its lines."""


class OrderRecord(Record):
    id = Key("the order's id")
    placed_at = Moment("when it was placed")
    status = Word(PLACED, CANCELLED, UNPAID, required=False, allow_null=True)
    user = Opaque(
        "the id of the buyer's account, and nobody's address", required=False, allow_blank=True, allow_null=True
    )
    visitor = Opaque(
        "the id of the buyer's browser, and nobody's address", required=False, allow_blank=True, allow_null=True
    )
    currency = serializers.RegexField(
        r"\A[A-Z]{3}\Z", required=False, allow_blank=True, allow_null=True, help_text='three letters, as "GBP"'
    )
    cancelled_at = Moment("when it was cancelled", required=False, allow_null=True)
    updated = Moment("when the shop last changed it", required=False, allow_null=True)
    lines = serializers.ListField(
        min_length=1, max_length=MOST_LINES, help_text=f"a list of 1 to {MOST_LINES}; a cancelled order keeps its lines"
    )


class LineRecord(Record):
    line = Key("the line's id within its order")
    item = Key("the id of the product or variant")
    quantity = count(1)
    cancelled_quantity = count(0, required=False, allow_null=True)
    cancelled_at = Moment("when it came back", required=False, allow_null=True)
    price = amount()
    list_price = amount()


@transaction.atomic
def take(batch: Sequence[object]) -> Taken:
    """Keep the orders of `batch` that can be kept, each whole or not at all, and bring purchases and refunds in line.

    All in one transaction, in which whoever is linked is locked first: nobody who withdraws meanwhile is linked again.
    """
    taken = Taken()
    told = _read(batch, taken)
    _one_at_a_time(told)
    yes = _who_says_yes(told)
    before: dict[str, dict[str, FeedLine]] = {}
    for line in FeedLine.objects.select_for_update().filter(order_key__in=told).order_by("order_key", "line_key"):
        before.setdefault(line.order_key, {})[line.line_key] = line
    erased = _erased(told)
    tied = {link.order_key: link for link in OrderLink.objects.filter(order_key__in=told).select_related("visitor")}
    rows: list[FeedLine] = []
    gone: list[int] = []
    links: list[OrderLink] = []
    untied: list[str] = []
    for key, (_, values, lines) in sorted(told.items()):
        known = before.get(key, {})
        latest = max((line.updated for line in known.values() if line.updated), default=None)
        if key in erased or _is_older(values.get("updated"), latest):
            taken.stale += 1
            continue
        taken.accepted += 1
        values["updated"] = values.get("updated") or latest
        rows += [_row(values, line, yes.accounts) for line in lines]
        gone += [known[name].pk for name in known.keys() - {line["line"] for line in lines}]
        visitor, link = yes.behind(values), tied.get(key)
        if link and not (link.visitor_id == visitor if visitor else yes.keeps(link.visitor, values, known)):
            untied.append(key)
        if visitor:
            links.append(OrderLink(order_key=key, visitor_id=visitor, linked_at=clock.now()))
    FeedLine.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["order_key", "line_key"], update_fields=TOLD
    )
    FeedLine.objects.filter(pk__in=gone).delete()
    OrderLink.objects.filter(order_key__in=untied).delete()
    OrderLink.objects.bulk_create(links, ignore_conflicts=True)
    reconcile_orders({row.order_key for row in rows})
    return taken


def _one_at_a_time(keys: Collection[str]) -> None:
    """Wait for whoever takes one of these orders now: a new one has no row yet that could be locked.

    Other databases have one writer at a time, or lock the gap where the rows are going to be.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('personalize.order:' || key, 0))"
                " FROM unnest(%s::text[]) AS key",
                [sorted(keys)],
            )


def _read(batch: Sequence[object], taken: Taken) -> dict[str, Told]:
    """Return what is well formed, by key."""
    order, line = OrderRecord(), LineRecord()
    told: dict[str, Told] = {}
    for index, data in enumerate(batch):
        values, wrong = order.check(data)
        lines: list[dict[str, Any]] = []
        for place, each in enumerate(values.pop("lines", ())):
            found, faults = line.check(each)
            faults = faults or _unlike(found, each, {other["line"] for other in lines})
            for fault in faults:
                fault["name"] = f"lines[{place}].{fault['name']}".rstrip(".")
            wrong += faults
            if found:
                lines.append(found)
            if len(wrong) >= MOST_FAULTS:
                del wrong[MOST_FAULTS:]
                break
        key = values.get("id", "")
        if not wrong and key in told:
            wrong = [problem("id", key, f"each order once; it is at index {told[key][0]} too")]
        if wrong:
            taken.refuse(index, data, wrong)
        else:
            told[key] = (index, values, lines)
    return told


def _unlike(line: Mapping[str, Any], data: Mapping[str, Any], others: set[str]) -> list[Problem]:
    if line["line"] in others:
        return [problem("line", line["line"], "each line once in its order")]
    if (line.get("cancelled_quantity") or 0) > line["quantity"]:
        return [problem("cancelled_quantity", data["cancelled_quantity"], f"at most quantity, {line['quantity']}")]
    return []


def _is_older(updated: datetime | None, latest: datetime | None) -> bool:
    """Say whether something newer came before: a repeated request must not undo what was said since."""
    return updated is not None and latest is not None and updated < latest


def _erased(told: Mapping[str, Told]) -> set[str]:
    """Return the orders that were erased, whose buyer was, or that are older than anything is kept.

    The other shop may go on telling of them; here they stay unknown.
    """
    kept_since = oldest_kept()
    accounts = {account for _, values, _ in told.values() if (account := values.get("user"))}
    found = forgotten({Kind.ORDER: told.keys(), Kind.USER: accounts})
    return {
        key
        for key, (_, values, _) in told.items()
        if any(
            since is not None and values["placed_at"] <= since
            for since in (kept_since, found[Kind.ORDER].get(key), found[Kind.USER].get(values.get("user") or ""))
        )
    }


def _row(values: Mapping[str, Any], line: Mapping[str, Any], accounts: set[str]) -> FeedLine:
    status, account = values.get("status") or PLACED, values.get("user") or ""
    price, list_price = line.get("price"), line.get("list_price")
    back = line["quantity"] if status == CANCELLED else line.get("cancelled_quantity") or 0
    return FeedLine(
        order_key=values["id"],
        line_key=line["line"],
        item_key=line["item"],
        quantity=line["quantity"],
        cancelled_quantity=back,
        cancelled_at=(line.get("cancelled_at") or values.get("cancelled_at")) if back else None,
        placed_at=values["placed_at"],
        placed=status != UNPAID,
        price=price,
        list_price=list_price if price is not None and list_price is not None and list_price > price else None,
        currency=values.get("currency") or "",
        user_key=account if account in accounts else "",
        updated=values.get("updated"),
    )


class _Yes:
    """Who grants `personalization` among the people of these orders."""

    def __init__(self, visitors: Sequence[tuple[UUID, UUID, str]]) -> None:
        self.accounts = {account for _, _, account in visitors if account}
        self.here = {(browser, account): visitor for visitor, browser, account in visitors}

    def behind(self, order: Mapping[str, Any]) -> UUID | None:
        """Return the visitor who placed this order, under the account that it names or before any log-in."""
        if not order.get("visitor"):
            return None
        places = [
            (each, account) for account in (order.get("user") or "", "") for each in browsers_of(order["visitor"])
        ]
        return next((self.here[place] for place in places if place in self.here), None)

    def keeps(self, linked: Visitor, order: Mapping[str, Any], known: Mapping[str, FeedLine]) -> bool:
        """Say whether the order may still be theirs who it was tied to: nothing names another account or browser.

        A guest's order stays with a guest who has logged in since.
        """
        account = order.get("user") or ""
        if {line.user_key for line in known.values()} - {"", account}:
            return False
        if account and linked.user_key not in ("", account):
            return False
        return not order.get("visitor") or (
            linked.browser in browsers_of(order["visitor"]) and linked.pk in self.here.values()
        )


def _who_says_yes(told: Mapping[str, Told]) -> _Yes:
    accounts = {account for _, values, _ in told.values() if (account := values.get("user"))}
    named = {browser for _, values, _ in told.values() if (browser := values.get("visitor"))}
    browsers = {each for browser in named for each in browsers_of(browser)}
    granting = Visitor.objects.granting(Purpose.PERSONALIZATION).select_for_update()
    rows = granting.filter(user_key__in=accounts) | granting.filter(browser__in=browsers)
    return _Yes(list(rows.order_by("pk").values_list("pk", "browser", "user_key")))
