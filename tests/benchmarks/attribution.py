"""Attribution, measured: CPU seconds and memory of a rebuild, a repetition and the run of the next hour.

    python -m tests.benchmarks.attribution --events 1000000 --purchases 100000
    DATABASE_URL=postgresql://... python -m tests.benchmarks.attribution --events 1000000 --purchases 100000

Fills the database that it is given (one of SQLite in a temporary directory, where it is given none) with invented
shoppers: half of what they do are looks, a third clicks on slots, and every second line bought was clicked before.
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
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

DAYS = 90
ITEMS = 10_000
SLOTS = 8
AS_OF = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)


def prepare(database: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("EXAMPLE_SHOP_DB", database)
    django.setup()
    django_settings.PERSONALIZE |= {"SHOP": "django_personalize.testing.doubles.MemoryShop", "DRAIN": "command"}
    call_command("migrate", verbosity=0)


def fill(events: int, purchases: int) -> None:
    """A visitor for every twenty events, two decisions for each of them, and orders of one to five lines."""
    from django_personalize.core.types import DecisionDraft, EventDraft, Reason, Slot
    from django_personalize.events import store
    from django_personalize.models import Visitor

    chance = random.Random(0)
    people = max(events // 20, 10)
    visitors = [
        Visitor(
            id=UUID(int=chance.getrandbits(128), version=4),
            user_key=str(number) if number % 2 else "",
            granted={"personalization": True, "analytics": True},
            created_at=AS_OF,
            answered_at=AS_OF,
        )
        for number in range(people)
    ]
    Visitor.objects.bulk_create(visitors, batch_size=5_000)
    shown: list[tuple[UUID, UUID, float, list[int]]] = []
    for visitor in visitors:
        for _ in range(2):
            items = chance.sample(range(ITEMS), SLOTS)
            shown.append((UUID(int=chance.getrandbits(128), version=4), visitor.pk, chance.random() * DAYS, items))

    def decided() -> Iterator[DecisionDraft]:
        for uid, visitor, day, items in shown:
            slots = tuple(
                Slot(slot=n, item_key=str(item), source="factors", score=0.5, propensity=1.0, reason=Reason(code="new"))
                for n, item in enumerate(items, 1)
            )
            yield DecisionDraft(
                uid=uid, visitor_id=visitor, placement=f"place-{uid.int % 12}", decided_at=AS_OF - timedelta(days=day),
                pipeline="personal", rung="ranker", model_version=1, context=(), rules=(), experiment="", variant="",
                consent=("analytics", "personalization"), slots=slots,
            )  # fmt: skip

    def draft(kind: str, visitor: UUID, day: float, item: int, **fields: Any) -> EventDraft:
        return EventDraft(
            uid=UUID(int=chance.getrandbits(128), version=4), kind=kind, occurred_at=AS_OF - timedelta(days=day),
            visitor_id=visitor, item_key=str(item), **fields,
        )  # fmt: skip

    def looked() -> Iterator[EventDraft]:
        for number in range(events - purchases):
            uid, visitor, day, items = chance.choice(shown)
            if number % 3:
                yield draft("view_item", visitor, day, chance.randrange(ITEMS))
                continue
            slot = chance.randrange(SLOTS)
            yield draft(
                "select_item", visitor, max(day - chance.random() * 0.1, 0), items[slot], decision_id=uid,
                index=slot + 1, item_list_id=f"place-{uid.int % 12}",
            )  # fmt: skip

    def bought() -> Iterator[EventDraft]:
        done = order = 0
        while done < purchases:
            order += 1
            _, visitor, day, items = chance.choice(shown)
            day = max(day - 0.1 - chance.random() * 6, 0)
            for n in range(min(chance.randint(1, 5), purchases - done)):
                done += 1
                item = chance.choice(items) if n % 2 else chance.randrange(ITEMS)
                fields: dict[str, Any] = {
                    "price": Decimal(2 + item % 40), "currency": "EUR", "quantity": 1 + n % 3,
                    "transaction_id": f"O{order}",
                }  # fmt: skip
                yield draft("purchase", visitor, day, item, **fields)
                if chance.random() < 0.08:
                    yield draft("refund", visitor, max(day - 3, 0), item, **(fields | {"quantity": 1}))

    store.insert_decisions(decided())
    store.insert_events(looked(), received_at=AS_OF - timedelta(days=1))
    store.upsert_order_events(bought(), received_at=AS_OF - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(name: str, **options: Any) -> None:
    from django_personalize.attribution.attribute import attribute

    wall, cpu = time.perf_counter(), time.process_time()
    report = attribute(**options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{name:<28}{wall:8.1f} s{cpu:8.1f} s CPU{peak():7} MiB  {report.orders:>8,} orders {report.lines:>8,} lines "
        f"{report.credited:>8,} credited {report.written:>8,} written"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--purchases", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        database = str(Path(directory) / "attribution.sqlite3")
        filling = os.fork()  # a process of its own, so that its memory is not in the figures
        if not filling:
            prepare(database)
            fill(given.events, given.purchases)
            os._exit(0)
        assert os.waitpid(filling, 0)[1] == 0
        prepare(database)
        from django_personalize.models import Event
        from django_personalize.reports.placements import placement_report

        print(f"{connection.vendor}: {Event.objects.count():,} events")
        print(f"{'before':<28}{'':26}{peak():7} MiB")
        timed("rebuild")
        timed("rebuild, all there already", rebuild=True)
        timed("the next hour's run")
        wall, cpu = time.perf_counter(), time.process_time()
        found = placement_report(AS_OF - timedelta(days=28), AS_OF)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{'report of 28 days':<28}{wall:8.2f} s{cpu:8.2f} s CPU{peak():7} MiB  {len(found.rows)} placements")


if __name__ == "__main__":
    main()
