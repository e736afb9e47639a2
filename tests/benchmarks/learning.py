"""Learning, measured on real orders: quality against baselines, latency of one request, seconds and memory of a fit.

    python -m tests.benchmarks.learning --orders example_shop/data/online_retail.csv.xz

Reads the raw UCI "Online Retail" columns (Chen, D. (2015), doi:10.24432/C5BW33, CC BY 4.0).
"""

from __future__ import annotations

import csv
import io
import lzma
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django_personalize.training.dataset import Gathering, Orders

PRODUCT = re.compile(r"^\d{5}[A-Z]{0,2}$")
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def rows(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the raw rows once each; exact duplicates are dropped."""
    seen: set[tuple[str, ...]] = set()
    with lzma.open(path, "rb") as packed:
        for row in csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")):
            values = tuple(row[name] for name in COLUMNS)
            if values not in seen:
                seen.add(values)
                yield values


def orders(path: Path, *, shift_days: int = 0) -> Orders:
    """Return the cleaned order lines with everyone linked to their customer number.

    Only product codes with a price count. A cancellation gives back the latest earlier purchases of the same customer
    and code, and carries its own time, so that a cut nets only what had come back by then.
    """
    bought, back = [], []
    times: dict[str, float] = {}
    for invoice, code, _, quantity, date, price, customer, _ in rows(path):
        code = code.strip().upper()
        if not PRODUCT.match(code) or float(price) <= 0:
            continue
        if date not in times:
            times[date] = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() + shift_days * 86_400.0
        row = (times[date], invoice, code, int(quantity), float(price), customer)
        if invoice.startswith("C"):
            back.append(row)
        elif row[3] > 0:
            bought.append(row)
    bought.sort(key=lambda row: row[0])
    back.sort(key=lambda row: row[0])
    gathering = Gathering()
    mine: dict[tuple[str, str], list[int]] = defaultdict(list)
    left = []
    for place, (at, invoice, code, quantity, price, customer) in enumerate(bought):
        gathering.bought(invoice, code, quantity, price, at, customer)
        left.append(quantity)
        if customer:
            mine[customer, code].append(place)
    for at, _, code, quantity, _, customer in back:
        owed = -quantity
        for place in reversed(mine.get((customer, code), [])):
            if owed <= 0:
                break
            if bought[place][0] <= at and left[place] > 0:
                taken = min(owed, left[place])
                left[place] -= taken
                owed -= taken
                gathering.returned(bought[place][1], code, taken, at)
    return gathering.finish(max(bought[-1][0], back[-1][0]) + 60.0)
