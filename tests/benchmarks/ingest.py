"""Draining, measured: events a second from the spool and from Redis into a table that already holds many.

    DATABASE_URL=postgresql://... python -m tests.benchmarks.ingest drain --rows 1000000
    python -m tests.benchmarks.ingest drain --rows 0 --ways spool

Fills the database that it is given (an empty one of SQLite, where it is given none) and leaves it filled, so that
measuring again is quick. Redis is the one at `--redis`, whose database it empties. Prints JSON: besides what the clock
says, the CPU time of the drainer and of the database's process, which a busy machine hardly changes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django
from django.conf import settings as django_settings

VISITORS = 20_000
ITEMS = 10_000
A_REQUEST = 10
"""Events in one batch, as a page's script sends them."""


def prepare(state: Path, redis: str) -> None:
    """Set Django up on the database that the environment names, with a spool and streams of our own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("PERSONALIZE_TEST_STATE", str(state))
    os.environ.setdefault("EXAMPLE_SHOP_DB", str(state / "db.sqlite3"))
    django.setup()
    django_settings.PERSONALIZE |= {"SPOOL": str(state / "spool"), "REDIS": redis, "DRAIN": "command"}


def events(n: int, visitors: list[UUID], chance: random.Random) -> Iterator[list[Any]]:
    """Yield `n` events in batches of one visitor each, each event with what a page's script tells."""
    from django_personalize.core.types import EventDraft

    now = datetime.now(UTC)
    for _ in range(n // A_REQUEST):
        who = chance.choice(visitors)
        yield [
            EventDraft(
                uid=UUID(int=chance.getrandbits(128), version=4),
                kind=chance.choice(("view_item", "view_item", "view_item", "add_to_cart", "select_item")),
                occurred_at=now - timedelta(milliseconds=chance.randrange(3_600_000)),
                visitor_id=who,
                item_key=str(chance.randrange(ITEMS)),
                device="mobile",
                referrer="direct",
            )
            for _ in range(A_REQUEST)
        ]


def fill(rows: int, chance: random.Random) -> list[UUID]:
    """Bring the table to so many rows, and return who there is."""
    from django.core.management import call_command
    from django.db import connection

    from django_personalize.events import store
    from django_personalize.models import Event, Visitor

    call_command("migrate", verbosity=0)
    now = datetime.now(UTC)
    missing = VISITORS - Visitor.objects.count()
    Visitor.objects.bulk_create(
        [Visitor(created_at=now, answered_at=now, granted={"analytics": True}) for _ in range(missing)],
        batch_size=5_000,
    )
    visitors = list(Visitor.objects.order_by("pk").values_list("pk", flat=True)[:VISITORS])
    there = Event.objects.count()
    store.insert_events((draft for batch in events(rows - there, visitors, chance) for draft in batch), received_at=now)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE personalize_event")
    return visitors


def drain(way: str, n: int, visitors: list[UUID], chance: random.Random, drainers: int) -> dict[str, Any]:
    """Write `n` events by this sink, then have them stored by so many processes; return what that took."""
    from django.db import connections

    from django_personalize.conf import settings
    from django_personalize.core import loading
    from django_personalize.models import Event

    django_settings.PERSONALIZE |= {"SINK": SINKS[way]}
    loading.instance.cache_clear()
    sink: Any = settings.sink
    if way == "redis":
        sink.streams[0].client.flushdb()
    batches = list(events(n, visitors, chance))
    start = time.perf_counter()
    for batch in batches:
        sink.write(batch)
    wrote = time.perf_counter() - start
    (sink.spool.spool if way == "redis" else sink.spool).rotate()
    before, waiting = Event.objects.count(), sink.waiting()
    cpu: dict[str, float] = {}
    if drainers == 1:
        start, spent, served = time.perf_counter(), time.process_time(), server_seconds()
        sink.drain()
        took = time.perf_counter() - start
        cpu = {"drainer": time.process_time() - spent, "database": server_seconds() - served}
    else:
        connections.close_all()
        took = together(way, drainers)
    stored = Event.objects.count() - before
    return {
        "cpu_microseconds_an_event": {name: round(1e6 * seconds / stored, 1) for name, seconds in cpu.items()},
        "way": way,
        "drainers": drainers,
        "rows_before": before,
        "written_per_second": round(n / wrote),
        "waiting": waiting,
        "stored": stored,
        "drained_per_second": round(stored / took),
    }


def server_seconds() -> float:
    """Return the CPU seconds of the PostgreSQL process that serves us; 0 where there is none on this host."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def together(way: str, drainers: int) -> float:
    """Return the seconds until the last of several processes, started beforehand, has found nothing more to do."""
    told = ["drainer", "--ways", way, "--state", str(Path(os.environ["PERSONALIZE_TEST_STATE"]))]
    told += ["--redis", django_settings.PERSONALIZE["REDIS"]]
    args = [sys.executable, "-m", "tests.benchmarks.ingest", *told]
    processes = [
        subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(drainers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    start = time.perf_counter()
    for process in processes:
        process.communicate("go\n")
    return time.perf_counter() - start


def drainer() -> None:
    from django_personalize.conf import settings

    sink: Any = settings.sink
    print("ready", flush=True)
    sys.stdin.readline()
    idle = 0
    while idle < 3:
        idle = 0 if sink.waiting() else idle + 1
        sink.drain_free()


SINKS = {
    "spool": "django_personalize.events.sinks.SpoolSink",
    "redis": "django_personalize.integrations.redis.RedisSink",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["drain", "drainer"])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows that the table holds beforehand")
    parser.add_argument("--events", type=int, default=200_000, help="events to drain, each way")
    parser.add_argument("--ways", nargs="+", choices=sorted(SINKS), default=["spool", "redis"])
    parser.add_argument("--drainers", type=int, default=1, help="processes that drain Redis")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/7")
    parser.add_argument("--state", type=Path, default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="personalize-ingest-") as directory:
        prepare(asked.state or Path(directory), asked.redis)
        if asked.what == "drainer":
            django_settings.PERSONALIZE |= {"SINK": SINKS[asked.ways[0]]}
            drainer()
            return
        chance = random.Random()
        visitors = fill(asked.rows, chance)
        found = [drain(way, asked.events, visitors, chance, asked.drainers) for way in asked.ways]
    from django.db import connection

    print(json.dumps({"database": connection.vendor, "load": os.getloadavg()[0], "ways": found}, indent=2))


if __name__ == "__main__":
    main()
