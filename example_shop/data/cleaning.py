"""Cleans the order lines as a careful shop would, and counts everything it leaves out.

The rules, in this order:

1. a line that repeats another one exactly is dropped;
2. so is a line whose code is not a product's (`POST`, `DOT`, `M`, `BANK CHARGES`, …: not five digits and up to two
   letters), and one whose price is zero or negative;
3. what is left with a positive quantity is an **order line**, guests' lines included; it keeps the bought quantity;
4. a line of a cancellation invoice (`C536379`) is a **return**: it goes back on the latest earlier lines on which the
   same customer bought the same code, never beyond what was bought there. What fits nowhere is counted, not guessed;
5. an order all of whose lines went back whole counts as cancelled, at the time of its last return.

Lines that went back whole stay, with their returned quantity: they are part of what a shop knows. `Counts.kept_*`
counts what is left once they are left out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import names
from .raw import RawShop

PRODUCT_CODE = re.compile(r"\d{5}[A-Z]{0,2}")
RECENT_LINES = 60

Times = NDArray[np.datetime64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was read, dropped, kept and given back. `kept_*` counts what is left once returns are netted off."""

    lines_read: int
    duplicates: int
    not_products: int
    not_priced: int
    not_positive: int
    lines: int
    orders: int
    guest_orders: int
    cancelled_orders: int
    products: int
    products_hidden: int
    customers: int
    return_lines: int
    returned_whole: int
    returned_partly: int
    returned_pieces: int
    unmatched_lines: int
    unmatched_pieces: int
    kept_lines: int
    kept_products: int
    kept_customers: int
    kept_orders: int


@dataclass(frozen=True, slots=True)
class CleanProduct:
    """One product code; `sold` is when it was first sold, in the shop's local time."""

    code: str
    name: str
    pence: int
    is_goods: bool
    sold: np.datetime64


@dataclass(frozen=True, slots=True)
class CleanOrder:
    """One invoice. `customer` is empty for a guest; times are the shop's local time."""

    number: str
    customer: str
    country: str
    placed: np.datetime64
    cancelled: np.datetime64 | None


@dataclass(frozen=True, slots=True)
class CleanShop:
    """Orders by time; lines in columns, by order: `order` and `product` are positions in the two lists."""

    products: list[CleanProduct]
    orders: list[CleanOrder]
    order: Ints
    product: Ints
    quantity: Ints
    pence: Ints
    returned: Ints
    returned_at: Times
    counts: Counts


@dataclass(slots=True)
class _Sales:
    """Order lines by time, as the steps below pass them on; `customer` 0 is a guest."""

    invoice: Ints
    code: Ints
    article: Ints
    customer: Ints
    time: Times
    quantity: Ints
    pence: Ints

    def take(self, rows: Any) -> _Sales:
        return _Sales(*(getattr(self, column)[rows] for column in _Sales.__slots__))


def clean(raw: RawShop) -> CleanShop:
    """Apply the rules above."""
    first = _first_of_each(raw)
    codes = [code.strip().upper() for code, _ in raw.articles]
    is_product = np.array([PRODUCT_CODE.fullmatch(code) is not None for code in codes])[raw.article]
    is_return = np.array([number.startswith("C") for number, *_ in raw.invoices])[raw.invoice]
    products_only = first & is_product
    priced = products_only & (raw.thousandths > 0)
    sold = priced & ~is_return & (raw.quantity > 0)
    gone_back = priced & is_return & (raw.quantity < 0)

    code_list, code_of_article = np.unique(np.array(codes), return_inverse=True)
    everything = _columns(raw, code_of_article)
    sales = everything.take(sold)
    sales = sales.take(np.argsort(sales.time, kind="stable"))
    returns = everything.take(gone_back)
    returns = returns.take(np.argsort(returns.time, kind="stable"))
    returned, returned_at, unmatched_lines, unmatched_pieces = _give_back(sales, returns)

    # orders in the order of their first line; lines grouped by order, in the order in which they were typed
    _, first_line, invoice = np.unique(sales.invoice, return_index=True, return_inverse=True)
    rank = np.empty(len(first_line), np.int64)
    rank[np.argsort(first_line, kind="stable")] = np.arange(len(first_line))
    order = rank[invoice]
    by_order = np.argsort(order, kind="stable")
    sales, order = sales.take(by_order), order[by_order]
    returned, returned_at = returned[by_order], returned_at[by_order]

    sold_codes, product = np.unique(sales.code, return_inverse=True)
    products = _products(raw, sales, product, [str(code_list[code]) for code in sold_codes])
    orders = _orders(raw, sales, order, returned, returned_at)
    whole = returned == sales.quantity
    kept = ~whole
    counts = Counts(
        lines_read=len(raw.invoice),
        duplicates=int((~first).sum()),
        not_products=int((first & ~is_product).sum()),
        not_priced=int((products_only & (raw.thousandths <= 0)).sum()),
        not_positive=int((priced & ~sold & ~gone_back).sum()),
        lines=len(order),
        orders=len(orders),
        guest_orders=sum(not each.customer for each in orders),
        cancelled_orders=sum(each.cancelled is not None for each in orders),
        products=len(products),
        products_hidden=sum(not each.is_goods for each in products),
        customers=len({each.customer for each in orders} - {""}),
        return_lines=len(returns.invoice),
        returned_whole=int(whole.sum()),
        returned_partly=int((kept & (returned > 0)).sum()),
        returned_pieces=int(returned.sum()),
        unmatched_lines=unmatched_lines,
        unmatched_pieces=unmatched_pieces,
        kept_lines=int(kept.sum()),
        kept_products=len(np.unique(product[kept])),
        kept_customers=len(np.unique(sales.customer[kept & (sales.customer > 0)])),
        kept_orders=len(np.unique(order[kept])),
    )
    return CleanShop(products, orders, order, product, sales.quantity, sales.pence, returned, returned_at, counts)


def _first_of_each(raw: RawShop) -> NDArray[np.bool_]:
    """Mark the first of every group of exactly equal lines."""
    _, price = np.unique(raw.thousandths, return_inverse=True)
    _, quantity = np.unique(raw.quantity, return_inverse=True)
    key = raw.invoice.astype(np.int64)
    for column in (raw.article, price, quantity):
        key = key * (int(column.max()) + 1) + column
    first = np.zeros(len(key), np.bool_)
    first[np.unique(key, return_index=True)[1]] = True
    return first


def _columns(raw: RawShop, code_of_article: NDArray[Any]) -> _Sales:
    numbers: dict[str, int] = {}
    invoice = np.array([numbers.setdefault(number, len(numbers)) for number, *_ in raw.invoices])
    customer = np.array([int(customer or 0) for _, _, customer, _ in raw.invoices])
    time = np.array([placed for _, placed, _, _ in raw.invoices], dtype="datetime64[s]")
    return _Sales(
        invoice=invoice[raw.invoice],
        code=code_of_article[raw.article],
        article=raw.article.astype(np.int64),
        customer=customer[raw.invoice],
        time=time[raw.invoice],
        quantity=raw.quantity.astype(np.int64),
        pence=raw.thousandths.astype(np.int64) // 10,
    )


def _give_back(sales: _Sales, returns: _Sales) -> tuple[Ints, Times, int, int]:
    """Returned quantity and time per sale, and the returns (lines, pieces) that fit no sale or only partly."""
    wanted = set(zip(returns.customer.tolist(), returns.code.tolist(), strict=True))
    rows_of: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(sales.customer.tolist(), sales.code.tolist(), strict=True)):
        if key[0] and key in wanted:
            rows_of[key].append(row)
    left = sales.quantity.copy()
    returned_at = np.full(len(left), np.datetime64("NaT", "s"))
    unmatched_lines = unmatched_pieces = 0
    for customer, code, time, quantity in zip(
        returns.customer.tolist(), returns.code.tolist(), returns.time, returns.quantity.tolist(), strict=True
    ):
        owed = -quantity
        for row in reversed(rows_of.get((customer, code), ())):
            if sales.time[row] <= time and left[row] > 0:
                taken = min(owed, int(left[row]))
                left[row] -= taken
                returned_at[row] = time
                owed -= taken
                if not owed:
                    break
        unmatched_lines += owed > 0
        unmatched_pieces += owed
    return sales.quantity - left, returned_at, unmatched_lines, unmatched_pieces


def _products(raw: RawShop, sales: _Sales, product: NDArray[Any], codes: list[str]) -> list[CleanProduct]:
    by_product = np.lexsort((np.arange(len(product)), sales.time, product))
    ends = np.cumsum(np.bincount(product, minlength=len(codes)))
    products = []
    for code, rows in zip(codes, np.split(by_product, ends[:-1]), strict=True):
        descriptions: Counter[str] = Counter()
        for article, count in Counter(sales.article[rows].tolist()).items():
            descriptions[raw.articles[article][1]] += count
        description = names.usual(descriptions)
        products.append(
            CleanProduct(
                code=code,
                name=names.tidy(description) or code,
                pence=_usual_price(sales.pence[rows], sales.quantity[rows]),
                is_goods=names.is_goods(description),
                sold=sales.time[rows[0]],
            )
        )
    return products


def _usual_price(pence: Ints, quantity: Ints) -> int:
    """What one piece costs now: the commonest price among the latest lines, bulk buyers (the biggest half) aside."""
    latest_pence, latest_quantity = pence[-RECENT_LINES:], quantity[-RECENT_LINES:]
    retail: list[int] = latest_pence[latest_quantity <= np.median(latest_quantity)].tolist()
    times_charged = Counter(retail)
    return max(reversed(retail), key=lambda price: times_charged[price])


def _orders(raw: RawShop, sales: _Sales, order: Ints, returned: Ints, returned_at: Times) -> list[CleanOrder]:
    header: dict[int, tuple[str, str, str, str]] = {}
    numbers: dict[str, int] = {}
    for row in raw.invoices:
        header.setdefault(numbers.setdefault(row[0], len(numbers)), row)
    starts = np.unique(order, return_index=True)[1]
    is_whole = np.logical_and.reduceat(returned == sales.quantity, starts)
    placed = np.minimum.reduceat(sales.time, starts)
    ends = np.append(starts[1:], len(order))
    orders = []
    for position, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        number, _, customer, country = header[int(sales.invoice[start])]
        cancelled = returned_at[start:end].max() if is_whole[position] else None
        orders.append(CleanOrder(number, customer, country, placed[position], cancelled))
    return orders
