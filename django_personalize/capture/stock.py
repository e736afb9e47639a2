"""Looking at what can be sold, from time to time: a shop says what is there, and not that it was away for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from django_personalize.conf import settings
from django_personalize.models import StockOut
from django_personalize.shop.keys import AT_ONCE

KEPT = timedelta(days=30)
"""After coming back; nobody asks for longer."""
AWAY = timedelta(days=1)
"""Shorter absences are none that anybody waited for."""


def look(now: datetime) -> None:
    """Note what cannot be sold, and what can be again; asks the shop for its keys, and once per `AT_ONCE` of them.

    Nobody's site or language is asked for: what is sold somewhere is there.
    """
    keys = [key for key, *_ in settings.shop.facts()]
    there: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        there.update(settings.shop.sellable(keys[start : start + AT_ONCE]))
    gone = set(keys) - there
    with transaction.atomic():
        known = {row.item_key: row for row in StockOut.objects.select_for_update()}
        back = [row for key, row in known.items() if key in there and row.back_at is None]
        again = [row for key, row in known.items() if key in gone and row.back_at is not None]
        for row in back:
            row.back_at = now
        for row in again:
            row.out_since, row.back_at = now, None
        StockOut.objects.bulk_update([*back, *again], ["out_since", "back_at"], batch_size=500)
        new = [StockOut(item_key=key, out_since=now) for key in sorted(gone - known.keys())]
        StockOut.objects.bulk_create(new, batch_size=1_000, ignore_conflicts=True)
        StockOut.objects.filter(back_at__lt=now - KEPT).delete()
        lost = [key for key in known if key not in there and key not in gone]
        for start in range(0, len(lost), AT_ONCE):
            StockOut.objects.filter(item_key__in=lost[start : start + AT_ONCE]).delete()


def back_since(since: datetime) -> list[str]:
    """Return the keys of what was away for `AWAY` or longer and came back at `since` or later, the latest first, in one
    query.
    """
    rows = StockOut.objects.filter(back_at__gte=since).order_by("-back_at", "item_key")
    return [
        key for key, out, back in rows.values_list("item_key", "out_since", "back_at") if back and back - out >= AWAY
    ]
