"""Segments, measured: CPU seconds and memory of a night, and how many of the example shop's customers are in which.

    python -m tests.benchmarks.segments night --people 10000 --lines 500000
    DATABASE_URL=postgresql://... python -m tests.benchmarks.segments night --people 50000 --lines 2500000
    python -m tests.benchmarks.segments shop

`night` fills the database that it is given (one of SQLite in a temporary directory, where it is given none) with
invented shoppers. `shop` reads the example shop's orders into a database in memory, everyone linked to their customer
number, and says who is in which segment half-way and at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import numpy as np
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

ITEMS = 10_000
DAYS = 730
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def prepare(database: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("EXAMPLE_SHOP_DB", database)
    django.setup()
    django_settings.PERSONALIZE |= {"SHOP": "django_personalize.testing.doubles.MemoryShop", "DRAIN": "command"}
    call_command("migrate", verbosity=0)


def fill(people: int, lines: int) -> None:
    """Invent shoppers with rates of their own, and orders of 1 to 19 lines; a fifth of the items is often reduced."""
    from django_personalize.core.types import EventDraft, Item
    from django_personalize.events import store
    from django_personalize.models import Event, Visitor
    from django_personalize.testing.doubles import MemoryShop

    chance = random.Random(0)
    MemoryShop.stock = {
        str(key): Item(
            key=str(key), title=str(key), url="/", category=f"category {key % 60}", brand=f"brand {key % 300}"
        )
        for key in range(ITEMS)
    }
    if Event.objects.count() >= lines:
        return
    visitors = [
        Visitor(
            id=UUID(int=chance.getrandbits(128), version=4),
            user_key=str(number),
            granted={"personalization": True},
            created_at=AS_OF,
            answered_at=datetime.now(UTC),
        )
        for number in range(people)
    ]
    Visitor.objects.bulk_create(visitors, batch_size=5_000)
    weights = [chance.paretovariate(1.2) for _ in visitors]

    def bought() -> Iterator[EventDraft]:
        order = written = 0
        while written < lines:
            for visitor in chance.choices(visitors, weights, k=1_000):
                order, day = order + 1, chance.random() ** 0.7 * DAYS
                for _ in range(min(chance.randint(1, 19), lines - written)):
                    item, written = int(chance.random() ** 2 * ITEMS), written + 1
                    price = Decimal(2 + item % 40)
                    if item % 5 == 0 and int(day // 30) % 2:
                        price *= Decimal("0.8")
                    yield draft("purchase", visitor.pk, day, item, price=price, quantity=1, transaction_id=str(order))

    def looked() -> Iterator[EventDraft]:
        for _ in range(5 * people):
            kind = chance.choice(("view_item", "view_item", "view_item", "search", "add_to_cart"))
            yield draft(
                kind, chance.choice(visitors).pk, chance.random() * 60, chance.randrange(ITEMS), device="mobile"
            )

    def draft(kind: str, visitor: UUID, day: float, item: int, **fields: Any) -> EventDraft:
        return EventDraft(
            uid=UUID(int=chance.getrandbits(128), version=4),
            kind=kind,
            occurred_at=AS_OF - timedelta(days=day),
            visitor_id=visitor,
            item_key=str(item),
            currency="EUR",
            **fields,
        )

    store.insert_events(bought(), received_at=AS_OF)
    store.insert_events(looked(), received_at=AS_OF)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def night() -> None:
    from django_personalize.segments import features as shoppers
    from django_personalize.segments import people
    from django_personalize.segments.membership import census, refresh

    before = peak()
    with Spent("who says yes"):
        group = people.load()
    with Spent("features"):
        shoppers.load(AS_OF, group)
    with Spent("the whole census"):
        taken = census(AS_OF)
    print(f"peak memory {peak():.0f} MiB, {peak() - before:.0f} of it since the start")
    with Spent("first refresh") as spent:
        spent.told = f"{refresh(taken).began.total():,} began"
    with Spent("same again") as spent:
        spent.told = f"{refresh(taken).stayed.total():,} stayed"
    with Spent("a day later") as spent:
        changes = refresh(census(AS_OF + timedelta(days=1)))
        spent.told = f"{changes.began.total():,} began, {changes.ended.total():,} ended"
    print(f"peak memory {peak():.0f} MiB")


class Spent:
    """Prints the CPU seconds of this process, and those of the clock, which a busy machine lengthens."""

    def __init__(self, what: str) -> None:
        self.what, self.told = what, ""

    def __enter__(self) -> Spent:
        self.cpu, self.clock = time.process_time(), time.monotonic()
        return self

    def __exit__(self, *exc: object) -> None:
        cpu, clock = time.process_time() - self.cpu, time.monotonic() - self.clock
        print(f"{self.what:<18} {cpu:8.1f} s of CPU, {clock:8.1f} s by the clock  {self.told}", flush=True)


def peak() -> float:
    """Return the most memory in MiB that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def shop() -> None:
    from django_personalize.core.types import EventDraft, Item
    from django_personalize.events import store
    from django_personalize.management.commands.personalize_segments import told
    from django_personalize.models import Event, Visitor
    from django_personalize.segments.membership import census
    from django_personalize.testing.doubles import MemoryShop
    from example_shop.data.assortment import category_of, collection_of
    from example_shop.data.cleaning import clean
    from example_shop.data.raw import read

    data, chance = clean(read()), random.Random(0)
    MemoryShop.stock = {
        product.code: Item(
            key=product.code,
            title=product.name,
            url="/",
            category=category_of(product.name),
            brand=collection_of(product.name) or "",
        )
        for product in data.products
    }
    customers = sorted({order.customer for order in data.orders} - {""})
    visitors = [
        Visitor(user_key=key, granted={"personalization": True}, created_at=AS_OF, answered_at=datetime.now(UTC))
        for key in customers
    ]
    Visitor.objects.bulk_create(visitors)
    who = {visitor.user_key: visitor.pk for visitor in visitors}
    moments = [order.placed.astype("datetime64[s]").item().replace(tzinfo=UTC) for order in data.orders]
    backs = [at.item() for at in data.returned_at.astype("datetime64[s]")]

    def drafts() -> Iterator[EventDraft]:
        columns = zip(data.order, data.product, data.quantity, data.pence, data.returned, backs, strict=True)
        for order, product, quantity, pence, returned, back in columns:
            placed = data.orders[order]
            common = {
                "visitor_id": who.get(placed.customer),
                "item_key": data.products[product].code,
                "price": Decimal(int(pence)) / 100,
                "currency": "GBP",
                "transaction_id": placed.number,
            }
            kinds = [("purchase", quantity, moments[order])]
            if returned:
                kinds.append(("refund", returned, back.replace(tzinfo=UTC)))
            for kind, pieces, at in kinds:
                uid = UUID(int=chance.getrandbits(128), version=4)
                yield EventDraft(uid=uid, kind=kind, quantity=int(pieces), occurred_at=at, **common)

    store.insert_events(drafts(), received_at=AS_OF)
    for as_of in (moments[len(moments) // 2], moments[-1] + timedelta(days=1)):
        taken = census(as_of)
        print("\n".join(told(taken, None)))
        after = Event.objects.filter(occurred_at__gt=as_of, occurred_at__lte=as_of + timedelta(days=90))
        again = set(after.filter(kind="purchase").exclude(visitor=None).values_list("visitor__user_key", flat=True))
        keys = np.array([key.removeprefix("user:") in again for key in taken.features.people.keys])
        masks = taken.masks | {"everybody who has ordered": taken.features.orders > 0}
        for slug, mask in masks.items():
            if again and mask.any():
                print(f"  of {slug}, {keys[mask].mean():.0%} ordered in the 90 days after")
        print()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("night", "shop"))
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--lines", type=int, default=500_000)
    given = options.parse_args()
    if given.what == "shop":
        prepare(":memory:")
        shop()
        return
    with tempfile.TemporaryDirectory() as directory:
        prepare(str(Path(directory) / "db.sqlite3"))
        fill(given.people, given.lines)
        night()


if __name__ == "__main__":
    main()
