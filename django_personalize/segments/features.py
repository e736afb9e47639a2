"""What is known of each shopper as of one moment, in numpy columns.

Read batch by batch, so that memory grows with people and one batch's lines, never with all lines. Every age is in days
before `as_of`; an order of which everything came back counts as none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from django_personalize.conf import settings
from django_personalize.core.arrays import Double, Float, Int
from django_personalize.segments import browsing, lines, people, prices
from django_personalize.segments.affinity import TOP, Affinity, Naming, naming, top
from django_personalize.segments.lines import Lines
from django_personalize.segments.people import People
from django_personalize.segments.prices import Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """One row per person of `people`, in their order; nan where nobody can know."""

    people: People
    as_of: datetime
    currency: str
    """Of all money here; what was paid in another is left out."""
    judged_by: str
    """How lines were found to be below the list price: see `Prices.source`."""
    orders: Int
    """Orders of which anything was kept."""
    recency: Float
    """Days since the last of them."""
    tenure: Float
    """Days since the first of them."""
    money: Double
    """Sum of price * kept quantity."""
    average: Double
    """`money` / orders of which a price is known."""
    judged: Int
    """Kept lines of which it can be said whether they were below the list price."""
    reduced: Int
    """Those that were."""
    reduced_money: Float
    """The share of them in the money of the judged lines."""
    gaps: Int
    """Gaps between days with an order: such days - 1."""
    gap: Float
    """Mean gap in days: (last - first) / gaps."""
    irregularity: Float
    """Standard deviation / mean of the gaps, from two gaps on: 0 by the clock, 1 at random."""
    returned: Float
    """Pieces that came back / pieces bought."""
    categories: Affinity
    brands: Affinity
    basket: Int
    """Items that lie in the cart; 0 for none, and where the last put-in is older than 30 days."""
    basket_age: Float
    """Days since the last was put in."""
    views: Int
    searches: Int
    """Of the last 30 days."""
    seen: Float
    """Days since anything of theirs was recorded: an order, or something else within 30 days."""
    device: NDArray[np.str_]
    """What they mostly came with in the last 30 days; '' where nobody knows."""

    def __len__(self) -> int:
        return len(self.people)


def load(as_of: datetime, group: People | None = None, progress: Callable[[int, int], None] | None = None) -> Features:
    """Read the features of everybody who says yes now, as of a moment; of `group` only, where one is given.

    Three queries per 500 visitors, which the index over visitors answers; `prices.load` says what it adds. `progress`
    is called with (people read, people).
    """
    group = people.load() if group is None else group
    facts = list(settings.shop.facts())
    items = {key: number for number, (key, *_) in enumerate(facts)}
    by_category, by_brand = naming(row[1] for row in facts), naming(row[2] for row in facts)
    del facts
    rates = prices.load(as_of, items)
    columns = _empty(len(group))
    for start, stop in group.batches():
        who = {visitor: place for place in range(stop - start) for visitor in group.visitors[start + place]}
        batch = lines.read(who, as_of, items=items, currency=rates.currency)
        here = {name: column[start:stop] for name, column in columns.items()}
        _bought(here, batch, rates)
        _likes(here, batch, by_category, by_brand)
        _browsed(here, who, as_of, batch)
        if progress is not None:
            progress(stop, len(group))
    return Features(
        people=group,
        as_of=as_of,
        currency=rates.currency,
        judged_by=rates.source,
        categories=Affinity(names=by_category.names, top=columns.pop("category"), share=columns.pop("category_share")),
        brands=Affinity(names=by_brand.names, top=columns.pop("brand"), share=columns.pop("brand_share")),
        **columns,
    )


Columns = dict[str, NDArray[Any]]
COUNTS = ("orders", "judged", "reduced", "gaps", "basket", "views", "searches")
AMOUNTS = ("recency", "tenure", "reduced_money", "gap", "irregularity", "returned", "basket_age", "seen")


def _empty(n: int) -> Columns:
    counts: Columns = {name: np.zeros(n, dtype=np.int32) for name in COUNTS}
    amounts: Columns = {name: np.full(n, np.nan, dtype=np.float32) for name in AMOUNTS}
    likes: Columns = {name: np.full((n, TOP), -1, dtype=np.int32) for name in ("category", "brand")}
    shares: Columns = {f"{name}_share": np.zeros((n, TOP), dtype=np.float32) for name in likes}
    money: Columns = {"money": np.zeros(n), "average": np.full(n, np.nan)}
    return counts | amounts | likes | shares | money | {"device": np.full(n, "", dtype="<U8")}


def _bought(here: Columns, batch: Lines, rates: Prices) -> None:
    n = len(here["orders"])
    kept = batch.left > 0
    person, age, left = batch.person[kept], batch.age[kept], batch.left[kept]
    spent = batch.price[kept] * left
    priced = np.isfinite(spent)
    here["orders"][:] = _distinct(person, batch.order[kept], n)
    here["recency"][:] = _least(person, age, n)
    here["tenure"][:] = -_least(person, -age, n)
    here["money"][:] = np.bincount(person[priced], weights=spent[priced], minlength=n)
    here["average"][:] = _ratio(here["money"], _distinct(person[priced], batch.order[kept][priced], n))
    below = rates.below(
        item=batch.item[kept], quantity=batch.bought[kept], price=batch.price[kept], listed=batch.listed[kept], age=age
    )
    judged, reduced = below >= 0, below == 1
    here["judged"][:] = np.bincount(person[judged], minlength=n)
    here["reduced"][:] = np.bincount(person[reduced], minlength=n)
    here["reduced_money"][:] = _ratio(
        np.bincount(person[reduced], weights=spent[reduced], minlength=n),
        np.bincount(person[judged], weights=spent[judged], minlength=n),
    )
    pieces = np.bincount(batch.person, weights=batch.bought, minlength=n)
    here["returned"][:] = 1.0 - _ratio(np.bincount(batch.person, weights=batch.left, minlength=n), pieces)
    _rhythm(here, person, age)


def _rhythm(here: Columns, person: Int, age: Double) -> None:
    """Several orders on one day, counted back from `as_of` in whole days, are one."""
    n = len(here["orders"])
    if not len(person):
        return
    days = np.floor(age).astype(np.int64)
    far = int(days.max()) + 1
    pairs = np.unique(person.astype(np.int64) * far + days)
    who, day = pairs // far, pairs % far
    same = who[1:] == who[:-1]
    gap, who = np.diff(day)[same].astype(np.float64), who[1:][same]
    gaps = np.bincount(who, minlength=n)
    mean = _ratio(np.bincount(who, weights=gap, minlength=n), gaps)
    spread = np.sqrt(_ratio(np.bincount(who, weights=(gap - mean[who]) ** 2, minlength=n), gaps))
    here["gaps"][:], here["gap"][:] = gaps, mean
    here["irregularity"][:] = np.where(gaps >= 2, spread / mean, np.nan)


def _likes(here: Columns, batch: Lines, by_category: Naming, by_brand: Naming) -> None:
    kept = batch.left > 0
    for name, named in (("category", by_category), ("brand", by_brand)):
        here[name][:], here[f"{name}_share"][:] = top(named, batch.person[kept], batch.item[kept], len(here[name]))


def _browsed(here: Columns, who: dict[UUID, int], as_of: datetime, batch: Lines) -> None:
    last = _least(batch.person, batch.age, len(here["seen"]))
    ordered = {place: float(last[place]) for place in np.flatnonzero(np.isfinite(last)).tolist()}
    found = browsing.read(who, as_of)
    here["seen"][:] = last
    for place, age in found.seen.items():
        here["seen"][place] = np.fmin(here["seen"][place], age)
    for name, values in (("views", found.views), ("searches", found.searches), ("device", found.device)):
        for place, value in values.items():
            here[name][place] = value
    for place, basket in browsing.baskets(who, as_of, ordered=ordered).items():
        here["basket"][place], here["basket_age"][place] = basket.items, basket.age


def _distinct(person: Int, order: Int, n: int) -> NDArray[np.int64]:
    """Return how many orders each person has; the number of an order is one person's."""
    first = np.unique(order, return_index=True)[1]
    return np.bincount(person[first], minlength=n)


def _least(person: Int, value: Double, n: int) -> Double:
    least = np.full(n, np.inf)
    np.minimum.at(least, person, value)
    return np.where(np.isfinite(least), least, np.nan)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Double:
    """Divide, nan where there is nothing to divide by."""
    ratio: Double = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return ratio
