"""Order lines for the learner: bought lines and what came back, each with its time, so that any cut can be netted
honestly.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db.models import FloatField
from django.db.models.functions import Cast

from django_personalize.core.arrays import Double, Float, Int, Purchases
from django_personalize.core.types import Purpose
from django_personalize.models import Event, Visitor
from django_personalize.visitors.staff import staff_accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Everything bought and everything returned up to `as_of`, not yet netted. A (order, item) pair is one line.

    Kept apart because a return is known only from its own day on: a cut in the past must not see later returns.
    """

    item_keys: tuple[str, ...]
    """Sorted; `item` and `back_item` index into it."""
    person_keys: tuple[str, ...]
    """Sorted; `buyer` indexes into it."""
    order_keys: tuple[str, ...]
    """By time, then key; `order` and `back_order` index into it. Lives in memory only and is never stored."""
    placed: Double
    """(orders,) seconds since the epoch, ascending."""
    buyer: Int
    """(orders,) -1 where the buyer is not linked."""
    order: Int
    item: Int
    quantity: Int
    price: Float
    """Per unit, the mean over what was bought; nan where the shop has none."""
    back_order: Int
    back_item: Int
    back_quantity: Int
    back_time: Double
    as_of: float

    def __len__(self) -> int:
        return len(self.item)


class Gathering:
    """Collects rows one by one into compact columns; `finish` sorts them into `Orders`."""

    def __init__(self) -> None:
        self._items: dict[str, int] = {}
        self._orders: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._placed = array("d")
        self._buyer = array("i")
        self._lines = (array("i"), array("i"), array("q"), array("d"))
        self._backs = (array("i"), array("i"), array("q"), array("d"))

    def bought(
        self,
        order_key: str,
        item_key: str,
        quantity: int,
        price: float | None,
        time: float,
        person_key: str = "",
    ) -> None:
        """Add one bought line. The first line of an order gives its time; any linked line links the whole order."""
        order = self._orders.setdefault(order_key, len(self._orders))
        if order == len(self._placed):
            self._placed.append(time)
            self._buyer.append(-1)
        if person_key:
            self._buyer[order] = self._people.setdefault(person_key, len(self._people))
        columns = self._lines
        columns[0].append(order)
        columns[1].append(self._items.setdefault(item_key, len(self._items)))
        columns[2].append(quantity)
        columns[3].append(float("nan") if price is None else price)

    def returned(self, order_key: str, item_key: str, quantity: int, time: float) -> None:
        """Add what came back of one line; ignored where that line was never bought. Call after `bought`."""
        order = self._orders.get(order_key)
        item = self._items.get(item_key)
        if order is None or item is None:
            return
        columns = self._backs
        columns[0].append(order)
        columns[1].append(item)
        columns[2].append(quantity)
        columns[3].append(time)

    def finish(self, as_of: float) -> Orders:
        item_keys, item_rank = ranked(self._items)
        person_keys, person_rank = ranked(self._people)
        names = list(self._orders)
        placed = np.array(self._placed, dtype=np.float64)
        by_key = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
        by_time = by_key[np.argsort(placed[by_key], kind="stable")] if len(names) else by_key
        order_rank = np.empty(len(names), dtype=np.int32)
        order_rank[by_time] = np.arange(len(names), dtype=np.int32)
        buyer = np.array(self._buyer, dtype=np.int32)
        linked = np.where(buyer >= 0, person_rank[np.maximum(buyer, 0)], -1) if len(person_rank) else buyer
        order, item, quantity, price = (np.array(column) for column in self._lines)
        order, item = order_rank[order.astype(np.int64)], item_rank[item.astype(np.int64)]
        order, item, quantity, price = _merged(order, item, quantity, price, len(item_keys))
        backs = [np.array(column) for column in self._backs]
        return Orders(
            item_keys=item_keys,
            person_keys=person_keys,
            order_keys=tuple(names[i] for i in by_time),
            placed=placed[by_time],
            buyer=linked[by_time].astype(np.int32),
            order=order,
            item=item,
            quantity=quantity,
            price=price,
            back_order=order_rank[backs[0].astype(np.int64)],
            back_item=item_rank[backs[1].astype(np.int64)],
            back_quantity=backs[2].astype(np.int32),
            back_time=backs[3].astype(np.float64),
            as_of=as_of,
        )


def ranked(codes: dict[str, int]) -> tuple[tuple[str, ...], Int]:
    """Return the sorted keys and, for each code of first sight, its place among them."""
    keys = tuple(sorted(codes))
    rank = np.empty(len(keys), dtype=np.int32)
    for place, key in enumerate(keys):
        rank[codes[key]] = place
    return keys, rank


def _merged(
    order: Int, item: Int, quantity: np.ndarray, price: np.ndarray, n_items: int
) -> tuple[Int, Int, Int, Float]:
    """Merge lines of one order and item: quantities add up, prices become their mean by quantity. Sorted by (order,
    item).
    """
    if not len(order):
        none = np.empty(0, dtype=np.int32)
        return none, none, none, np.empty(0, dtype=np.float32)
    code = order.astype(np.int64) * n_items + item
    pairs, place = np.unique(code, return_inverse=True)
    total = np.bincount(place, weights=quantity)
    known = np.isfinite(price)
    units = np.bincount(place, weights=np.where(known, quantity, 0))
    money = np.bincount(place, weights=np.where(known, price * quantity, 0.0))
    mean = np.divide(money, units, out=np.full(len(pairs), np.nan), where=units > 0)
    return (
        (pairs // n_items).astype(np.int32),
        (pairs % n_items).astype(np.int32),
        total.astype(np.int32),
        mean.astype(np.float32),
    )


def load(as_of: datetime) -> Orders:
    """Read the stored order lines known at `as_of`, in two streamed queries and one for who is staff.

    A person is linked only where the row's visitor grants `personalization` now; visitors of one account are one
    person. Every other order stands alone, and so does what a person has removed from an order of theirs. What is
    linked to an account of the shop's staff is left out.
    """
    staff = staff_keys()
    people: dict[UUID, str] = {
        pk: f"user:{user_key}" if user_key else f"visitor:{pk}"
        for pk, user_key in Visitor.objects.granting(Purpose.PERSONALIZATION)
        .values_list("pk", "user_key")
        .iterator(chunk_size=20_000)
    }
    rows = (
        Event.objects.filter(kind__in=("purchase", "refund"), occurred_at__lte=as_of, quantity__gt=0)
        .exclude(item_key="")
        .order_by("kind", "occurred_at", "pk")
        .values_list(
            "kind",
            "transaction_id",
            "item_key",
            "quantity",
            Cast("price", FloatField()),
            "occurred_at",
            "visitor_id",
            "pk",
        )
    )
    gathering = Gathering()
    for kind, order_key, item_key, quantity, price, at, visitor, pk in rows.iterator(chunk_size=20_000):
        person = people.get(visitor, "") if visitor is not None else ""
        if person in staff:
            continue
        # Sorts as the bare key does, so that who says yes moves nobody else's orders.
        basket = order_key if person else f"{order_key}\0"
        if kind == "purchase":
            gathering.bought(basket if order_key else f"event {pk}", item_key, quantity, price, at.timestamp(), person)
        else:
            gathering.returned(basket, item_key, quantity, at.timestamp())
    return gathering.finish(as_of.timestamp())


def staff_keys() -> frozenset[str]:
    """Return the people who are staff, as person keys.

    An order that no consent links to an account cannot be told from any other, and stays.
    """
    return frozenset(f"user:{key}" for key in staff_accounts())


def net(orders: Orders) -> Purchases:
    """Return what is left of everything after every return that is known."""
    return _net(orders, np.ones(len(orders), dtype=bool), np.ones(len(orders.back_item), dtype=bool), orders.as_of)


def before(orders: Orders, cut: float) -> Purchases:
    """Return what a shop would have known just before `cut`: lines placed and returns made earlier than it."""
    return _net(orders, orders.placed[orders.order] < cut, orders.back_time < cut, cut)


def _net(orders: Orders, lines: np.ndarray, backs: np.ndarray, as_of: float) -> Purchases:
    n = max(len(orders.item_keys), 1)
    code = orders.order.astype(np.int64) * n + orders.item
    left = orders.quantity.astype(np.int64)
    if len(code) and backs.any():
        back = orders.back_order[backs].astype(np.int64) * n + orders.back_item[backs]
        place = np.minimum(np.searchsorted(code, back), len(code) - 1)
        found = code[place] == back
        np.subtract.at(left, place[found], orders.back_quantity[backs][found])
    kept = np.flatnonzero(lines & (left > 0))
    order = orders.order[kept]
    items, item = _ranks(orders.item[kept], len(orders.item_keys))
    basket = np.cumsum(np.diff(order, prepend=order[:1]) != 0)
    buyer = orders.buyer[order]
    people, person = _ranks(buyer, len(orders.person_keys))
    return Purchases(
        item_keys=tuple(orders.item_keys[i] for i in items),
        person_keys=tuple(orders.person_keys[i] for i in people),
        basket=basket.astype(np.int32),
        person=person.astype(np.int32),
        item=item.astype(np.int32),
        quantity=left[kept].astype(np.int32),
        price=orders.price[kept],
        time=orders.placed[order],
        as_of=as_of,
    )


def _ranks(values: Int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of 0 .. n - 1 occur, ascending, and each value's place among them, -1 for one below zero. Without
    sorting: of ten million lines that takes minutes a night.
    """
    occurs = np.zeros(n + 1, dtype=bool)
    occurs[values] = True  # -1 is the last
    occurs[n] = False
    place = np.cumsum(occurs) - 1
    place[n] = -1
    return np.flatnonzero(occurs), place[values]


def unlink(orders: Orders, share: float = 0.0, seed: int = 0) -> Orders:
    """Return the same orders with `share` of the people linked, drawn by `seed`: each other basket stands alone."""
    chance = np.random.default_rng(seed)
    kept = np.sort(chance.permutation(len(orders.person_keys))[: round(share * len(orders.person_keys))])
    place = np.full(len(orders.person_keys) + 1, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    return replace(orders, person_keys=tuple(orders.person_keys[i] for i in kept), buyer=place[orders.buyer])


def fingerprint(orders: Orders) -> str:
    """Return the sha256 of the training rows: equal rows, equal fingerprint; who is linked to whom counts, names do
    not.
    """
    digest = hashlib.sha256("\0".join(orders.item_keys).encode())
    for column in (orders.placed, orders.buyer, orders.order, orders.item, orders.quantity, orders.price):
        digest.update(np.ascontiguousarray(column).tobytes())
    for column in (orders.back_order, orders.back_item, orders.back_quantity, orders.back_time):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def until(orders: Orders, end: float) -> Orders:
    """Return what was placed and what came back before `end`, as it would have been read then."""
    placed = orders.placed < end
    lines, backs = placed[orders.order], placed[orders.back_order] & (orders.back_time < end)
    count = int(placed.sum())
    return replace(
        orders,
        order_keys=orders.order_keys[:count],
        placed=orders.placed[:count],
        buyer=orders.buyer[:count],
        order=orders.order[lines],
        item=orders.item[lines],
        quantity=orders.quantity[lines],
        price=orders.price[lines],
        back_order=orders.back_order[backs],
        back_item=orders.back_item[backs],
        back_quantity=orders.back_quantity[backs],
        back_time=orders.back_time[backs],
        as_of=end,
    )
