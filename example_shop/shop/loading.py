"""Fills the shop with its real stock and orders, in one transaction.

Safe to repeat. An interrupted run leaves nothing behind; a second run sees that the data is there. When its dates have
gone stale it moves them on by whole weeks and deletes nothing: orders placed in this shop stay as they are.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.text import slugify

from example_shop.data import assortment, dates, inventions
from example_shop.data.cleaning import CleanShop, Counts, clean
from example_shop.data.raw import read

from .demo_accounts import ADMIN, DEMO_ACCOUNTS
from .models import Category, Collection, DataLoad, Order, OrderLine, Product

Progress = Callable[[str], None]
STILL_PLACED = timedelta(days=2)
STILL_SHIPPED = timedelta(days=6)
ROWS_AT_ONCE = 20_000
SQLITE_CACHE_KIB = 128 * 1024


class ShopNotEmpty(Exception):
    """The tables hold a catalogue or orders that no load wrote, so loading would mix the two."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`outcome` is `loaded`, `replaced`, `moved` (dates only) or `fresh` (nothing to do)."""

    outcome: str
    weeks: int
    last_order_at: datetime
    counts: Counts
    seconds: dict[str, float] = field(default_factory=dict)

    def text(self) -> str:
        """The report as the command prints it."""
        c = self.counts
        last = timezone.localtime(self.last_order_at)
        heads = {
            "loaded": "The shop is loaded.",
            "replaced": "The shop was emptied and loaded again.",
            "moved": "The shop was loaded before; its dates were moved on to this week.",
            "fresh": "The shop is loaded and its dates are fresh: nothing to do.",
        }
        took = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in self.seconds.items())
        return "\n".join(
            [
                heads[self.outcome],
                f"  lines read           {c.lines_read:>9,}",
                f"    exact duplicates   {c.duplicates:>9,}  dropped",
                f"    not a product      {c.not_products:>9,}  dropped (postage, fees, vouchers)",
                f"    no price           {c.not_priced:>9,}  dropped",
                f"    cancellation lines {c.return_lines:>9,}  {c.unmatched_lines:,} beyond what was bought before "
                f"({c.unmatched_pieces:,} pieces)",
                f"  order lines          {c.lines:>9,}  {c.returned_whole:,} went back whole, "
                f"{c.returned_partly:,} in part",
                f"  orders               {c.orders:>9,}  {c.guest_orders:,} by guests, "
                f"{c.cancelled_orders:,} cancelled",
                f"  customers            {c.customers:>9,}",
                f"  products             {c.products:>9,}  {c.products_hidden:,} hidden (carriage, vouchers)",
                f"  last order           {last:%A %d %B %Y, %H:%M}  (all dates moved by {self.weeks} weeks)",
                *([f"  took                 {took}"] if took else []),
            ]
        )


def load(as_of: datetime | None = None, progress: Progress | None = None, *, replace: bool = False) -> LoadReport:
    """Load the data set, or bring the dates of a loaded one up to `as_of` (an aware time; default: now).

    `replace` empties the shop first, orders placed in it included. Without it nothing is ever deleted.
    """
    as_of = as_of or timezone.now()
    say = progress or (lambda message: None)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = -{SQLITE_CACHE_KIB}")
    with transaction.atomic():
        before = DataLoad.objects.select_for_update().first()
        if before is not None and not replace:
            return _bring_up_to(before, as_of, say)
        if before is None and not replace and (Product.objects.exists() or Order.objects.exists()):
            raise ShopNotEmpty(
                f"This shop already holds {Product.objects.count():,} products and {Order.objects.count():,} orders "
                "that were not loaded from the data set. Use an empty database, or --replace to delete all and load."
            )
        if replace:
            say("Emptying the shop")
            _empty()
        return _fill(as_of, say, "replaced" if replace else "loaded")


def _fill(as_of: datetime, say: Progress, outcome: str) -> LoadReport:
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    say("Reading and cleaning 541,909 order lines")
    shop = clean(read())
    seconds["cleaning"] = time.perf_counter() - started

    last = dates.naive(max(order.placed for order in shop.orders))
    weeks = dates.weeks_until(last, as_of)
    say(f"Writing {shop.counts.products:,} products and {shop.counts.customers:,} customers")
    started = time.perf_counter()
    product_ids = _write_catalogue(shop, weeks)
    users = _write_users(shop, weeks)
    seconds["products and customers"] = time.perf_counter() - started

    say(f"Writing {shop.counts.orders:,} orders with {shop.counts.lines:,} lines")
    started = time.perf_counter()
    order_ids = _write_orders(shop, weeks, users, last)
    _write_lines(shop, weeks, order_ids, product_ids)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    seconds["orders"] = time.perf_counter() - started
    last_order_at = dates.moved(last, weeks)
    DataLoad.objects.create(
        loaded_at=timezone.now(), last_order_at=last_order_at, weeks=weeks, counts=asdict(shop.counts)
    )
    return LoadReport(outcome, weeks, last_order_at, shop.counts, seconds)


def _empty() -> None:
    customers = get_user_model()._default_manager.filter(
        models.Q(username__startswith="customer-") | models.Q(username__in=[each.username for each in DEMO_ACCOUNTS])
    )
    OrderLine.objects.all()._raw_delete(connection.alias)
    Order.objects.all()._raw_delete(connection.alias)
    Product.objects.all()._raw_delete(connection.alias)
    Category.objects.all().delete()
    Collection.objects.all().delete()
    DataLoad.objects.all().delete()
    customers.delete()


def _slug(name: str) -> str:
    return slugify(name.replace("&", " and "))


def _pounds(pence: int) -> Decimal:
    return Decimal(pence).scaleb(-2)


def _write_catalogue(shop: CleanShop, weeks: int) -> list[int]:
    """Write categories, collections and products; return the keys of the products, in their order."""
    categories = {
        each.name: each
        for each in Category.objects.bulk_create(
            Category(name=name, slug=_slug(name), position=position)
            for position, name in enumerate(assortment.CATEGORIES, start=1)
        )
    }
    names = [assortment.collection_of(product.name) for product in shop.products]
    collections = {
        each.name: each
        for each in Collection.objects.bulk_create(
            Collection(name=name, slug=_slug(name)) for name in sorted({name for name in names if name})
        )
    }
    times_ordered = _orders_per_product(shop)
    rows = []
    for position, (product, collection) in enumerate(zip(shop.products, names, strict=True)):
        was_pence = inventions.was_pence(product.code, product.pence)
        rows.append(
            Product(
                code=product.code,
                name=product.name,
                slug=_slug(product.name)[:120] or product.code.lower(),
                category=categories[assortment.category_of(product.name)],
                collection=collections[collection] if collection else None,
                price=_pounds(product.pence),
                was_price=None if was_pence is None else _pounds(was_pence),
                stock=inventions.stock(product.code),
                is_visible=product.is_goods,
                created=dates.moved(dates.naive(product.sold), weeks),
                times_ordered=times_ordered[position],
            )
        )
    return [each.pk for each in Product.objects.bulk_create(rows, batch_size=2000)]


def _orders_per_product(shop: CleanShop) -> Counter[int]:
    pairs = np.unique(np.stack((shop.product, shop.order)), axis=1)
    return Counter(pairs[0].tolist())


def _write_users(shop: CleanShop, weeks: int) -> dict[str, Any]:
    """Write every customer as a user who cannot log in, and the demo accounts, who can; existing users stay."""
    users = get_user_model()._default_manager
    first_seen: dict[str, datetime] = {}
    for order in shop.orders:
        if order.customer and order.customer not in first_seen:
            first_seen[order.customer] = dates.moved(dates.naive(order.placed), weeks)
    accounts = {account.customer: account for account in DEMO_ACCOUNTS}
    rows = []
    username_of = {}
    for customer, joined in first_seen.items():
        account = accounts.get(customer)
        username = account.username if account else f"customer-{customer}"
        username_of[customer] = username
        first_name, _, last_name = account.name.partition(" ") if account else ("", "", "")
        rows.append(
            users.model(
                username=username,
                email=f"{username}@example.com",
                first_name=first_name,
                last_name=last_name,
                password=make_password(account.password) if account else _unusable_password(),
                date_joined=joined,
            )
        )
    users.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    if not users.filter(username=ADMIN.username).exists():
        get_user_model().objects.create_superuser(ADMIN.username, "admin@example.com", ADMIN.password)
    known = {user.username: user for user in users.only("pk", "username", "email")}
    return {customer: known[username] for customer, username in username_of.items()}


def _unusable_password() -> str:
    """As `make_password(None)` would; that one draws each character by itself."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(20)


def _write_orders(shop: CleanShop, weeks: int, users: dict[str, Any], last: datetime) -> list[int]:
    """Write the orders; return their keys, in their order."""
    name_of = {account.customer: account.name for account in DEMO_ACCOUNTS}
    adapt = connection.ops.adapt_datetimefield_value
    rows = []
    for order in shop.orders:
        placed = dates.naive(order.placed)
        cancelled = None if order.cancelled is None else dates.moved(dates.naive(order.cancelled), weeks)
        user = users.get(order.customer)
        rows.append(
            (
                order.number,
                user.pk if user else None,
                user.email if user else f"guest-{order.number}@example.com",
                _status(last - placed, cancelled is not None),
                adapt(dates.moved(placed, weeks)),
                adapt(cancelled),
                name_of.get(order.customer, ""),
                "",
                "",
                "",
                order.country,
                True,
            )
        )
    columns = (
        *("number", "user_id", "email", "status", "placed_at", "cancelled_at", "name", "address", "city"),
        *("postcode", "country", "is_loaded"),
    )
    _insert(Order._meta.db_table, columns, rows)
    key_of = dict(Order.objects.order_by().values_list("number", "pk"))
    return [key_of[order.number] for order in shop.orders]


def _status(age: timedelta, is_cancelled: bool) -> str:
    if is_cancelled:
        return Order.Status.CANCELLED.value
    if age < STILL_PLACED:
        return Order.Status.PLACED.value
    return (Order.Status.SHIPPED if age < STILL_SHIPPED else Order.Status.DELIVERED).value


def _write_lines(shop: CleanShop, weeks: int, order_ids: list[int], product_ids: list[int]) -> None:
    """Half a million rows, past the ORM: with it, this step alone would take a minute."""
    product_of = np.array(product_ids)[shop.product].tolist()
    order_of = np.array(order_ids)[shop.order].tolist()
    pounds = {pence: str(_pounds(pence)) for pence in np.unique(shop.pence).tolist()}
    list_pence = [inventions.was_pence(product.code, product.pence) for product in shop.products]
    list_price = [None if pence is None else str(_pounds(pence)) for pence in list_pence]
    now_pence = [product.pence for product in shop.products]
    adapt = connection.ops.adapt_datetimefield_value
    returned_at: list[Any] = [None] * len(order_of)
    for row in np.flatnonzero(~np.isnat(shop.returned_at)).tolist():
        returned_at[row] = adapt(dates.moved(dates.naive(shop.returned_at[row]), weeks))
    # the invented earlier price is struck through only where the line was sold at today's price
    list_prices = (
        list_price[product] if pence == now_pence[product] else None
        for product, pence in zip(shop.product.tolist(), shop.pence.tolist(), strict=True)
    )
    columns = ("order_id", "product_id", "quantity", "unit_price", "list_price", "returned_quantity", "returned_at")
    rows = zip(
        order_of,
        product_of,
        shop.quantity.tolist(),
        map(pounds.__getitem__, shop.pence.tolist()),
        list_prices,
        shop.returned.tolist(),
        returned_at,
        strict=True,
    )
    _insert(OrderLine._meta.db_table, columns, rows)


def _insert(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    name = connection.ops.quote_name
    into = f"{name(table)} ({', '.join(map(name, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and hasattr(cursor, "copy"):
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        statement = f"INSERT INTO {into} VALUES ({', '.join(['%s'] * len(columns))})"
        for some in _batches(rows):
            cursor.executemany(statement, some)


def _batches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    remaining = iter(rows)
    while some := list(islice(remaining, ROWS_AT_ONCE)):
        yield some


def _bring_up_to(before: DataLoad, as_of: datetime, say: Progress) -> LoadReport:
    """Move everything that was loaded so that the last order lies within the seven days before `as_of`.

    What happened here since the load (an order placed, a loaded one cancelled or sent back) keeps its real time.
    """
    counts = Counts(**before.counts)
    weeks = dates.weeks_until(dates.local(before.last_order_at), as_of)
    if weeks == 0:
        return LoadReport("fresh", before.weeks, before.last_order_at, counts)
    say(f"Moving all loaded dates by {weeks} weeks")
    started = time.perf_counter()
    loaded, until = Order.objects.filter(is_loaded=True), before.last_order_at
    customers = get_user_model()._default_manager.filter(orders__is_loaded=True, date_joined__lte=until).distinct()
    _move(loaded, "placed_at", weeks)
    _move(loaded.filter(cancelled_at__lte=until), "cancelled_at", weeks)
    _move(OrderLine.objects.filter(order__is_loaded=True, returned_at__lte=until), "returned_at", weeks)
    _move(Product.objects.filter(created__lte=until), "created", weeks)
    _move(customers, "date_joined", weeks)
    before.last_order_at = dates.moved(dates.local(until), weeks)
    before.weeks += weeks
    before.save()
    return LoadReport("moved", before.weeks, before.last_order_at, counts, {"moving": time.perf_counter() - started})


def _move(rows: models.QuerySet[Any], column: str, weeks: int) -> None:
    name, adapt = connection.ops.quote_name, connection.ops.adapt_datetimefield_value
    changed = [
        (adapt(dates.moved(dates.local(moment), weeks)), key)
        for key, moment in rows.order_by().values_list("pk", column).iterator()
    ]
    with connection.cursor() as cursor:
        table = name(rows.model._meta.db_table)
        cursor.executemany(f"UPDATE {table} SET {name(column)} = %s WHERE {name('id')} = %s", changed)
