"""The shop's own counts of what it sold, asked of its tables at once, to hold the reading of each line against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from django_personalize.shop.lines import MappedLines
from django_personalize.shop.paths import moment


@dataclass(frozen=True, slots=True)
class Sold:
    """What the shop's tables say was sold."""

    orders: int
    accounts: int | None
    """Buyers with an account; None where the mapping names no account."""
    guest_orders: int | None
    first: datetime | None
    last: datetime | None


def sold(shop: Any, *, since: datetime | None = None) -> Sold | None:
    """Return the counts, of orders placed at `since` or later where given, in one query; None for an adapter that has
    no table of order lines to ask, or that reads them in a way of its own.
    """
    if not isinstance(shop, MappedLines) or type(shop).lines is not MappedLines.lines:
        return None
    asked: dict[str, Any] = {
        "orders": Count("personalize_order", distinct=True),
        "first": Min("personalize_date"),
        "last": Max("personalize_date"),
    }
    if shop.line.get("user") is not None:
        asked["accounts"] = Count("personalize_user", distinct=True)
        asked["guests"] = Count("personalize_order", distinct=True, filter=Q(personalize_user__isnull=True))
    found = shop.sold_lines(since).aggregate(**asked)
    return Sold(
        orders=found["orders"],
        accounts=found.get("accounts"),
        guest_orders=found.get("guests"),
        first=moment(found["first"]),
        last=moment(found["last"]),
    )
