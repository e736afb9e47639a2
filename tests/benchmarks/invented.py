"""A shop that is invented by a seed, of any size, and brought into a database: for measuring how things grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.core.management import call_command
from django.db import connection

DAYS = 730
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SHELF = 150
"""Items of a category, on average."""
LOOKS = 0.2
"""Looks for each line."""
CHUNK = 200_000


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
        jumped = np.where(
            self.chance.random(len(shelf)) < 0.15, self.chance.random(len(shelf)) * self.size[shelf], rank
        )
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
        (str(person_key(p)), str(UUID(int=p + 1)), str(p), '{"personalization": true}', now, now, "", "")
        for p in range(world.people)
    )
    write("personalize_visitor", VISITOR, people)
    write("personalize_event", COLUMNS, _rows(world))
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


def person_key(p: int) -> UUID:
    """Return a key whose order is not that of the people."""
    return UUID(int=((p * 2_654_435_761 + 12_345) % 2**32 << 96) + p)


def _rows(world: World) -> Iterator[tuple[Any, ...]]:
    start, number = AS_OF - timedelta(days=DAYS), 0
    received = AS_OF.isoformat()
    keys = [str(person_key(p)) for p in range(world.people)]

    def moments(days: Any) -> list[str]:
        seconds = np.minimum(days * 86_400.0, DAYS * 86_400.0 - 1).astype("int64")
        return [f"{at}+00:00" for at in np.datetime_as_string(np.datetime64(start.replace(tzinfo=None), "s") + seconds)]

    for order, who, item, day in world.baskets():
        columns = zip(
            order.tolist(), who.tolist(), item.tolist(), moments(day), world.price[item].tolist(), strict=True
        )
        for basket, person, place, at, price in columns:
            uid = str(UUID(int=number))
            yield uid, "purchase", at, received, keys[person], f"i{place:06}", 1, price, "EUR", f"o{basket:08}"
            number += 1
    for who, item, day in world.looks():
        for person, place, at in zip(who.tolist(), item.tolist(), moments(day), strict=True):
            uid = str(UUID(int=number))
            yield uid, "view_item", at, received, keys[person], f"i{place:06}", 1, None, "", ""
            number += 1


def write(table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    names = ", ".join(columns)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})", rows)
