"""What placements cost a page, over the same cards with fixed ids, in a shop of a given size.

    DATABASE_URL=postgresql://... python -m tests.benchmarks.placements --state DIR fill --items 10000 --people 100000 --events 5000000
    DATABASE_URL=postgresql://... python -m tests.benchmarks.placements --state DIR rows
    DATABASE_URL=postgresql://... python -m tests.benchmarks.placements --state DIR page
    DATABASE_URL=postgresql://... python -m tests.benchmarks.placements --state DIR cold
    DATABASE_URL=postgresql://... python -m tests.benchmarks.placements --state DIR served

`fill` empties the database that it is given, invents a shop there with the example shop's own tables, and learns from
it. `rows` draws each placement for one shopper after another, in turn with the same cards by fixed ids: one query of
the shop's and the same templates. `page` has six placements on one page, and then the same six filled by one call, as
the script does. `cold` is the first placement of a new process. `served` asks gunicorn for a page without placements and
for the same page with six deferred ones, in turn, and says what a further worker adds to what is resident. BLAS is to have
one thread (`OPENBLAS_NUM_THREADS=1`).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

ROUNDS = 400
SLUGS = (
    "you-may-also-like",
    "frequently-bought-together",
    "customers-also-bought",
    "customers-also-viewed",
    "based-on-your-history",
    "recently-viewed",
    "buy-it-again",
    "best-sellers",
    "trending",
    "new-arrivals",
    "personal-home",
)
OF_A_PRODUCT = frozenset(SLUGS[:4])
SIX = ("you-may-also-like", "frequently-bought-together", "based-on-your-history", "recently-viewed", "trending", "new-arrivals")
PORT = 8765


def prepare(state: Path) -> None:
    state.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("PERSONALIZE_TEST_STATE", str(state))
    os.environ.setdefault("EXAMPLE_SHOP_DB", str(state / "db.sqlite3"))
    import django

    django.setup()


# --- The shop


def fill(items: int, people: int, events: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from django_personalize.models import Event, Visitor
    from example_shop.shop.models import Category, Product
    from tests.benchmarks import scale

    call_command("migrate", verbosity=0)
    world = scale.World(min(events, items * 100), items=items, people=people)
    world.looks_each = max(events - world.lines, 0) / world.lines
    with connection.cursor() as cursor:
        for table in ("personalize_event", "personalize_visitor", "shop_product", "shop_category"):
            cursor.execute(f"TRUNCATE {table} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {table}")
    shelves = Category.objects.bulk_create(
        Category(id=place + 1, name=f"Shelf {place}", slug=f"shelf-{place}") for place in range(world.shelves)
    )
    Product.objects.bulk_create(
        (
            Product(
                id=place + 1,
                code=f"{place:06}",
                name=f"Thing {place}",
                slug=f"thing-{place}",
                category_id=shelves[int(world.category[place])].pk,
                price=Decimal(str(round(float(world.price[place]), 2))),
                stock=0 if place % 20 == 7 else 10,
            )
            for place in range(world.items)
        ),
        batch_size=5_000,
    )
    with connection.schema_editor() as editor:
        for index in Event._meta.indexes:
            editor.remove_index(Event, index)
    scale.write_people(world)
    scale.write_events(world, key=lambda place: str(place + 1))
    with connection.schema_editor() as editor:
        for index in Event._meta.indexes:
            editor.add_index(Event, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(f"{Event.objects.count():,} events, {Visitor.objects.count():,} people, {Product.objects.count():,} products")
    call_command("personalize_train")
