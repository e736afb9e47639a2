"""The shop's own counts of what it sold, asked of its tables at once, to hold the reading of each line against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings as django_settings
from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from django_personalize.shop.lines import MappedLines
from django_personalize.shop.paths import expression, key_path, moment


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
    no table of order lines to ask.
    """
    if not isinstance(shop, MappedLines):
        return None
    rows = shop.line_queryset()
    if shop.line.get("placed") is not None:
        rows = rows.filter(shop.line["placed"])
    columns = {
        f"personalize_own_{name}": expression(key_path(shop.line_model, shop.line[name]))
        for name in ("order", "date", "user")
        if shop.line.get(name) is not None
    }
    rows = rows.annotate(**columns)
    if since is not None:
        if not django_settings.USE_TZ:
            since = timezone.make_naive(since, timezone.get_default_timezone())
        rows = rows.filter(personalize_own_date__gte=since)
    asked: dict[str, Any] = {
        "orders": Count("personalize_own_order", distinct=True),
        "first": Min("personalize_own_date"),
        "last": Max("personalize_own_date"),
    }
    if "personalize_own_user" in columns:
        asked["accounts"] = Count("personalize_own_user", distinct=True)
        asked["guests"] = Count("personalize_own_order", distinct=True, filter=Q(personalize_own_user__isnull=True))
    found = rows.aggregate(**asked)
    return Sold(
        orders=found["orders"],
        accounts=found.get("accounts"),
        guest_orders=found.get("guests"),
        first=moment(found["first"]),
        last=moment(found["last"]),
    )
