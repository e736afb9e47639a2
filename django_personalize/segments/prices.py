"""What counts as bought below the list price: by the shop's list prices, or else by each item's own price history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Case, Count, FloatField, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Cast
from numpy.typing import NDArray

from django_personalize.core.arrays import Double, Int
from django_personalize.events.vocabulary import PURCHASE
from django_personalize.models import Event

BANDS = (2, 6, 12, 48)
"""Quantities at which a new band begins: a price by the dozen is not a reduced one."""
PERIOD = 30.0
"""Days, counted back from `as_of`."""
BEFORE = 3
"""Periods before a line's own by which its price is judged."""
TOLERANCE = 0.05
"""What is less than this below the usual price is rounding, not a reduction."""
LIST, HISTORY = "list_price", "history"
Small = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """How the lines of one shop are judged as of one moment."""

    source: str
    """`list_price` where any line has one; `history` where the shop keeps none."""
    currency: str
    """The currency of most lines: in it money is counted, and what is paid in another is left out of all sums."""
    usual: tuple[tuple[NDArray[np.int64], Double], ...] = ()
    """By period, 0 the latest: (sorted item * bands + band, usual price)."""

    def below(self, *, item: Int, quantity: Int, price: Double, listed: Double, age: Double) -> Small:
        """Return 1 for each line that was bought below its list price, 0 where not, -1 where nobody can say.

        `age` is in days. By list prices: price < list price; a line without one was not reduced. By history: price <=
        0.95 of the usual price, which is the median over the item's lines of the same quantity band in the 90 days
        before the line's own 30-day period.
        """
        known = np.isfinite(price)
        if self.source == LIST:
            return np.where(known, np.nan_to_num(listed, nan=-np.inf) > price, -1).astype(np.int8)
        judged = np.full(len(item), -1, dtype=np.int8)
        code = item.astype(np.int64) * (len(BANDS) + 1) + np.searchsorted(BANDS, quantity, side="right")
        period = (age // PERIOD).astype(np.int64)
        for number in np.unique(period[known & (period < len(self.usual))]).tolist():
            codes, prices = self.usual[number]
            rows = np.flatnonzero(known & (period == number))
            if len(codes):
                place = np.minimum(np.searchsorted(codes, code[rows]), len(codes) - 1)
                found = codes[place] == code[rows]
                judged[rows[found]] = price[rows[found]] <= (1.0 - TOLERANCE) * prices[place[found]] + 1e-9
        return judged


def load(as_of: datetime, items: dict[str, int]) -> Prices:
    """Look at the lines of everybody, linked or not, up to `as_of`; unseen items are numbered on in `items`.

    One grouped query, and without list prices another per 30 days: the database counts, and rows come back per item,
    band and price.
    """
    sold = Event.objects.filter(kind=PURCHASE, occurred_at__lte=as_of, quantity__gt=0).exclude(item_key="")
    totals = list(
        sold.values("currency")
        .annotate(n=Count("pk"), listed=Count("list_price"), first=Min("occurred_at"))
        .order_by("-n", "currency")
    )
    if not totals:
        return Prices(source=HISTORY, currency="")
    currency = totals[0]["currency"]
    if any(total["listed"] for total in totals):
        return Prices(source=LIST, currency=currency)
    months = list(_months(sold.filter(currency=currency, price__gt=0), totals[0]["first"], as_of, items))
    usual = tuple(_medians(months[number + 1 : number + 1 + BEFORE]) for number in range(len(months)))
    return Prices(source=HISTORY, currency=currency, usual=usual)


Month = tuple[NDArray[np.int64], Double, NDArray[np.int64]]
"""(item * bands + band, price, lines)"""


def _months(sold: QuerySet[Event], first: datetime, as_of: datetime, items: dict[str, int]) -> Iterator[Month]:
    bands = len(BANDS) + 1
    whens = [When(Q(quantity__lt=edge), then=Value(band)) for band, edge in enumerate(BANDS)]
    band = Case(*whens, default=Value(len(BANDS)), output_field=IntegerField())
    until = as_of
    while until >= first:
        since = until - timedelta(days=PERIOD)
        rows = list(
            sold.filter(occurred_at__gt=since, occurred_at__lte=until)
            .annotate(band=band)
            .values("item_key", "band", "price")
            .annotate(n=Count("pk"))
            .values_list("item_key", "band", Cast("price", FloatField()), "n")
            .order_by("item_key", "band", "price")
        )
        code = [items.setdefault(key, len(items)) * bands + band for key, band, _, _ in rows]
        yield (
            np.array(code, dtype=np.int64),
            np.array([row[2] for row in rows], dtype=np.float64),
            np.array([row[3] for row in rows], dtype=np.int64),
        )
        until = since


def _medians(months: list[Month]) -> tuple[NDArray[np.int64], Double]:
    """Return for each item and band the lower median price over these periods, one vote per line."""
    if not months:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    code, price, lines = (np.concatenate(column) for column in zip(*months, strict=True))
    order = np.lexsort((price, code))
    code, price, lines = code[order], price[order], lines[order]
    codes, start = np.unique(code, return_index=True)
    total = np.cumsum(lines)
    before = np.concatenate(([0], total))[start]
    votes = np.add.reduceat(lines, start) if len(start) else lines
    middle = np.searchsorted(total, before + (votes + 1) // 2)
    return codes, price[middle]
