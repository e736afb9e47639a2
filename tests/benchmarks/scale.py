"""How a night grows: seconds and memory of each stage at 100,000, 1 and 10 million order lines, and of one shopper.

    DATABASE_URL=postgresql://... python -m tests.benchmarks.scale fill --lines 1000000
    DATABASE_URL=postgresql://... python -m tests.benchmarks.scale night --lines 1000000 --into figures.json
    python -m tests.benchmarks.scale shop --threads 2
    python -m tests.benchmarks.scale scoring --items 100000
    python -m tests.benchmarks.scale draw --into figures.json --page docs/scale.svg

`fill` empties the database that it is given and invents a shop there: an item for each hundred lines, a person for each
ten, a Zipf catalogue, tastes, staples, baskets of which few are very long, a fifth as many looks as lines. `night` is the
nightly training, judgement and gate included, in this process, which should be a fresh one; `shop` is the same on the
example shop's orders, everyone linked, in a database in memory. `scoring` asks a model of so many items as a page does.
Processor seconds stand beside those of the clock, which a busy machine lengthens.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import numpy as np
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

DAYS = 730
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SHELF = 150
"""Items of a category, on average."""
BASKET = 3.4
"""Lines of a basket, on average."""
LOOKS = 0.2
"""Looks for each line."""
CHUNK = 200_000
EVERY = 0.1
"""Seconds between two looks at how much memory is held."""


def prepare(database: str, state: Path) -> None:
    """Set Django up on the database that the environment names, else on the SQLite file `database`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("PERSONALIZE_TEST_STATE", str(state))
    os.environ.setdefault("EXAMPLE_SHOP_DB", database)
    django.setup()
    django_settings.PERSONALIZE |= {"SHOP": "django_personalize.testing.doubles.MemoryShop", "DRAIN": "command"}


class World:
    """A shop invented by a seed. Person p has three categories of their own and twelve staples among them."""

    def __init__(self, lines: int, *, seed: int = 0) -> None:
        self.lines, self.items, self.people = lines, max(lines // 100, 200), max(lines // 10, 100)
        self.chance = np.random.default_rng(seed)
        self.shelves = max(self.items // SHELF, 8)
        share = self.chance.lognormal(0.0, 0.8, self.shelves)
        self.category = np.sort(self.chance.choice(self.shelves, self.items, p=share / share.sum()))
        self.first = np.searchsorted(self.category, np.arange(self.shelves))
        self.size = np.bincount(self.category, minlength=self.shelves)
        self.born = np.where(self.chance.random(self.items) < 0.7, 0.0, self.chance.random(self.items) * DAYS)
        self.price = np.round(np.exp(self.chance.normal(2.5, 0.9, self.items)) + 0.5, 2)
        sold = np.flatnonzero(self.size)
        self.taste = self.chance.choice(sold, (self.people, 3), p=self.size[sold] / self.items)
        self.staple = np.stack([self._items(self.taste[:, k % 3]) for k in range(12)], axis=1)
        activity = self.chance.pareto(1.6, self.people) + 0.3
        self.activity = np.cumsum(activity / activity.sum())

    def _items(self, shelf: Any) -> Any:
        """Return one item of each shelf, the k-th of it about as often as 1 / k^0.9."""
        rank = (self.size[shelf] + 1.0) ** self.chance.random(len(shelf)) - 1.0
        jumped = np.where(self.chance.random(len(shelf)) < 0.15, self.chance.random(len(shelf)) * self.size[shelf], rank)
        return self.first[shelf] + np.minimum(jumped.astype(np.int64), self.size[shelf] - 1)

    def _who(self, n: int) -> Any:
        return np.minimum(np.searchsorted(self.activity, self.chance.random(n)), self.people - 1)

    def _choice(self, who: Any, day: Any) -> Any:
        """Return what each person takes: a staple, something of their categories, or of any; nothing before its time."""
        n = len(who)
        item = self._items(self.taste[who, self.chance.integers(0, 3, n)])
        staple = self.chance.random(n) < 0.35
        item[staple] = self.staple[who[staple], self.chance.integers(0, 12, int(staple.sum()))]
        abroad = self.chance.random(n) < 0.1
        item[abroad] = self._items(self.category[self.chance.integers(0, self.items, int(abroad.sum()))])
        early = self.born[item] > day
        item[early] = self.first[self.category[item[early]]]
        return item

    def baskets(self) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Yield (order, person, item, day) columns, whole orders at a time; an order holds an item once."""
        done = order = 0
        while done < self.lines:
            n = min(CHUNK, self.lines - done)
            length = np.minimum(np.exp(self.chance.normal(0.75, 0.95, n)).astype(np.int64) + 1, 250)
            length = length[: int(np.searchsorted(np.cumsum(length), n)) + 1]
            number = np.repeat(np.arange(len(length)), length)
            who = np.repeat(self._who(len(length)), length)
            day = np.repeat(DAYS * self.chance.random(len(length)) ** 0.8, length)
            item = self._choice(who, day)
            _, kept = np.unique(number * self.items + item, return_index=True)
            yield order + number[kept], who[kept], item[kept], day[kept]
            done, order = done + len(kept), order + len(length)

    def looks(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield (person, item, day) columns: visits of five looks, a minute apart."""
        left = int(self.lines * LOOKS)
        while left > 0:
            n = min(CHUNK, left) // 5
            who, day = np.repeat(self._who(n), 5), np.repeat(DAYS * self.chance.random(n) ** 0.8, 5)
            yield who, self._choice(who, day), day + np.tile(np.arange(5), n) / 1440
            left -= max(5 * n, 5)


VISITOR = ("id", "browser", "user_key", "granted", "created_at", "answered_at", "referrer", "campaign")
COLUMNS = (
    "uid", "kind", "occurred_at", "received_at", "visitor_id", "item_key", "quantity", "price", "currency",
    "transaction_id",
)  # fmt: skip


def fill(world: World) -> None:
    """Bring `world` into the database; what an event table holds besides is left to its defaults."""
    from django_personalize.core.types import Item
    from django_personalize.models import Event, Visitor
    from django_personalize.testing.doubles import MemoryShop

    call_command("migrate", verbosity=0)
    stock(world, Item, MemoryShop)
    with connection.cursor() as cursor:
        for table in ("personalize_event", "personalize_visitor"):
            cursor.execute(f"TRUNCATE {table} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {table}")
    with connection.schema_editor() as editor:  # a table that is filled at once is indexed at its end
        for index in Event._meta.indexes:
            editor.remove_index(Event, index)
    now = datetime.now(UTC).isoformat()
    people = (
        (str(_person(p)), str(UUID(int=p + 1)), str(p), '{"personalization": true}', now, now, "", "")
        for p in range(world.people)
    )
    _write("personalize_visitor", VISITOR, people)
    _write("personalize_event", COLUMNS, _rows(world))
    with connection.schema_editor() as editor:
        for index in Event._meta.indexes:
            editor.add_index(Event, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(f"{Event.objects.count():,} events, {Visitor.objects.count():,} people, {world.items:,} items")


def stock(world: World, item_type: Any, shop: Any) -> None:
    words = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]
    for place in range(world.items):
        shelf = int(world.category[place])
        shop.stock[f"i{place:06}"] = item_type(
            key=f"i{place:06}",
            title=f"{words[place % 360]} {words[place * 7 // 360 % 360]} {words[shelf % 360]}{shelf // 360}",
            url="/",
            category=f"shelf {shelf}",
            brand=f"brand {place % max(world.items // 60, 4)}",
            created=AS_OF - timedelta(days=DAYS - float(world.born[place])),
        )


def _person(p: int) -> UUID:
    """Return a key whose order is not that of the people."""
    return UUID(int=((p * 2_654_435_761 + 12_345) % 2**32 << 96) + p)


def _rows(world: World) -> Iterator[tuple[Any, ...]]:
    start, number = AS_OF - timedelta(days=DAYS), 0
    received = AS_OF.isoformat()
    keys = [str(_person(p)) for p in range(world.people)]

    def moments(days: Any) -> list[str]:
        seconds = np.minimum(days * 86_400.0, DAYS * 86_400.0 - 1).astype("int64")
        return [f"{at}+00:00" for at in np.datetime_as_string(np.datetime64(start.replace(tzinfo=None), "s") + seconds)]

    for order, who, item, day in world.baskets():
        columns = zip(order.tolist(), who.tolist(), item.tolist(), moments(day), world.price[item].tolist(), strict=True)
        for basket, person, place, at, price in columns:
            uid = str(UUID(int=number))
            yield uid, "purchase", at, received, keys[person], f"i{place:06}", 1, price, "EUR", f"o{basket:08}"
            number += 1
    for who, item, day in world.looks():
        for person, place, at in zip(who.tolist(), item.tolist(), moments(day), strict=True):
            uid = str(UUID(int=number))
            yield uid, "view_item", at, received, keys[person], f"i{place:06}", 1, None, "", ""
            number += 1


def _write(table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    names = ", ".join(columns)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})", rows)


class Watch:
    """Times named functions where they are used, and how much memory this process and its children hold meanwhile."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self.peak = self.own = 0.0
        self._at: list[str] = ["before"]
        self._done = threading.Event()
        self._undo: list[tuple[Any, str, Any]] = []

    def over(self, module: Any, name: str, stage: str) -> None:
        """Count what `module.name` takes as `stage`, less what is counted as another within it."""
        wrapped = getattr(module, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            return self.run(stage, lambda: wrapped(*args, **kwargs))

        setattr(module, name, timed)

    def run(self, stage: str, do: Callable[[], Any]) -> Any:
        clock, cpu = time.perf_counter(), time.thread_time()
        self._at.append(stage)
        try:
            return do()
        finally:
            self._at.pop()
            told = f"{stage:24}{time.perf_counter() - clock:9.1f} s, {time.thread_time() - cpu:9.1f} s of CPU"
            print(f"{told}, {self.own:7.0f} MiB, with children {self.peak:7.0f}", file=sys.stderr, flush=True)
            for name, sign in ((stage, 1.0), (self._at[-1], -1.0)):
                found = self.stages.setdefault(name, {"clock": 0.0, "cpu": 0.0, "mib": 0.0})
                found["clock"] += sign * (time.perf_counter() - clock)
                found["cpu"] += sign * (time.thread_time() - cpu)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(EVERY):
            own = _resident(os.getpid())
            whole = own + sum(_resident(pid) for pid in _children(os.getpid()))
            self.own, self.peak = max(self.own, own), max(self.peak, whole)
            found = self.stages.setdefault(self._at[-1], {"clock": 0.0, "cpu": 0.0, "mib": 0.0})
            found["mib"] = max(found["mib"], own)


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except (OSError, IndexError):
        return 0.0


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def night(*, threads: int, train: Callable[..., Any]) -> dict[str, Any]:
    """Run the nightly training and return what it took, by stage."""
    from django_personalize.integrations import lightfm
    from django_personalize.training import (
        browsing, catalogue, compare, dataset, evaluate, fits, ladder, ranker, run, split, trees,
    )  # fmt: skip
    from django_personalize.training import als as least_squares
    from django_personalize.training import cold as ridge
    from django_personalize.training import learn as learning

    watch = Watch()
    for module, name, stage in (
        (dataset, "load", "read orders"),
        (browsing, "load", "read looks"),
        (catalogue, "load", "read catalogue"),
        (dataset, "fingerprint", "fingerprint"),
        (run, "_cut", "cut and net"),
        (learning, "neighbours", "neighbours"),
        (learning, "lately", "lately"),
        (learning, "sequence", "sequence"),
        (learning, "content", "content"),
        (learning, "ease", "EASE"),
        (run, "learn", "other arrays"),
        (least_squares, "fit", "least squares"),
        (run, "with_factors", "cold items"),
        (fits.Fits, "get", "waiting for factors"),
        (ladder, "count", "ladder"),
        (split, "hold", "windows"),
        (evaluate, "choose_fold", "choosing the fold-in"),
        (ranker, "examples", "ranker's examples"),
        (ranker, "linear", "ranker's weights"),
        (trees, "fit", "ranker's trees"),
        (evaluate, "measure_rungs", "judging the rungs"),
        (compare, "judge", "the gate"),
        (run, "shares", "shares"),
        (run, "release", "publishing"),
    ):
        watch.over(module, name, stage)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock, cpu = time.perf_counter(), time.process_time()
    with ExitStack() as stack:
        stack.enter_context(watch)
        version = watch.run("the rest", lambda: train(threads=threads))
        took = time.perf_counter() - clock
        spent = time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert lightfm
    return {
        "threads": threads,
        "load": os.getloadavg()[0],
        "clock": round(took, 1),
        "cpu": round(spent, 1),
        "children_cpu": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "own_mib": round(watch.own),
        "child_mib": round(after.ru_maxrss / 1024),
        "tree_mib": round(watch.peak),
        "verdict": version.verdict,
        "counts": version.counts,
        "manifest": version.manifest_sha256,
        "rungs": {name: rung.get("ndcg") for name, rung in version.metrics.get("rungs", {}).items()},
        "stages": {
            name: {part: round(value, 1) for part, value in found.items()}
            for name, found in sorted(watch.stages.items(), key=lambda entry: -entry[1]["clock"])
        },
    }


def shop() -> None:
    """Bring the example shop's orders into the database, everyone linked to their customer number."""
    from django_personalize.core.types import Item
    from django_personalize.testing.doubles import MemoryShop
    from example_shop.data.assortment import category_of, collection_of
    from example_shop.data.cleaning import clean
    from example_shop.data.raw import read

    call_command("migrate", verbosity=0)
    data, now = clean(read()), datetime.now(UTC).isoformat()
    for product in data.products:
        MemoryShop.stock[product.code] = Item(
            key=product.code,
            title=product.name,
            url="/",
            category=category_of(product.name),
            brand=collection_of(product.name) or "",
            created=product.sold.astype("datetime64[s]").item().replace(tzinfo=UTC),
        )
    customers = sorted({order.customer for order in data.orders} - {""})
    key = {customer: str(_person(place)) for place, customer in enumerate(customers)}
    yes = '{"personalization": true}'
    _write(
        "personalize_visitor",
        VISITOR,
        ((key[who], str(UUID(int=place + 1)), who, yes, now, now, "", "") for place, who in enumerate(customers)),
    )
    placed = [order.placed.astype("datetime64[s]").item().replace(tzinfo=UTC).isoformat() for order in data.orders]
    back = [f"{at}+00:00" for at in data.returned_at.astype("datetime64[s]")]

    def rows() -> Iterator[tuple[Any, ...]]:
        columns = zip(data.order, data.product, data.quantity, data.pence, data.returned, strict=True)
        for number, (order, product, quantity, pence, returned) in enumerate(columns):
            whose, code, price = data.orders[order], data.products[product].code, int(pence) / 100
            for kind, pieces, at in (("purchase", quantity, placed[order]), ("refund", returned, back[number])):
                if pieces:
                    uid, who = str(UUID(int=2 * number + (kind == "refund"))), key.get(whose.customer)
                    yield uid, kind, at, now, who, code, int(pieces), price, "GBP", whose.number

    _write("personalize_event", COLUMNS, rows())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fill", "night", "shop", "scoring", "draw"])
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--into", type=Path, help="a file of figures to add to")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="personalize-scale-") as directory:
        prepare(str(Path(directory) / "db.sqlite3"), Path(directory))
        if asked.what == "fill":
            clock = time.perf_counter()
            fill(World(asked.lines))
            print(f"{time.perf_counter() - clock:.0f} s")
            return
        from django_personalize.core.types import Item
        from django_personalize.models import Event
        from django_personalize.testing.doubles import MemoryShop
        from django_personalize.training.run import train

        if asked.what == "shop":
            shop()
            as_of = Event.objects.latest("occurred_at").occurred_at + timedelta(days=1)
        else:
            stock(World(asked.lines), Item, MemoryShop)
            as_of = AS_OF
        found = night(threads=asked.threads, train=lambda threads: train(as_of=as_of, threads=threads, seed=0))
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
