"""How items sell: decayed popularity, lines per window, days since the last sale, age and price, all before one cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import DAY, Double, Float, Int, Purchases

HALF_LIVES = (2.0, 7.0, 60.0)
WINDOWS = (7.0, 30.0, 90.0)
OPEN = 90.0
"""Days that a buyer must have had in which to come back for the same item."""
BUYERS = 50
"""Fewer tell nothing of a category."""
GAPS = 20
"""Intervals that count for a category beside its own."""


def popularity(item: Int, age: Double, n_items: int, half_lives: Sequence[float] = HALF_LIVES) -> Float:
    """Return (items, half-lives) lines a day now: sum over baskets of 2^(-age / h), times ln 2 / h.

    The factor makes a steady seller score the same at every half-life, so that a short minus a long one is momentum.
    """
    columns = [
        np.bincount(item, weights=np.exp2(-age / half_life), minlength=n_items) * (np.log(2.0) / half_life)
        for half_life in half_lives
    ]
    return np.column_stack(columns).astype(np.float32)


def sold(item: Int, age: Double, n_items: int, windows: Sequence[float] = WINDOWS) -> Float:
    """Return (items, windows) baskets that held the item in each window."""
    columns = [np.bincount(item[age <= days], minlength=n_items) for days in windows]
    return np.column_stack(columns).astype(np.float32)


def idle(item: Int, age: Double, n_items: int) -> Float:
    """Return days since each item's last sale; the age of the oldest sale of all where it never sold."""
    days = np.full(n_items, age.max(initial=0.0))
    np.minimum.at(days, item, age)
    return days.astype(np.float32)


def first_seen(purchases: Purchases) -> Double:
    """Return the time of each item's first sale."""
    first = np.full(len(purchases.item_keys), np.inf)
    np.minimum.at(first, purchases.item, purchases.time)
    return first


def repeat(purchases: Purchases, places: NDArray[np.int64], n_items: int) -> Float:
    """Return the share of each item's linked buyers who have bought it in more than one basket; 0 without any."""
    linked = purchases.person >= 0
    pair = purchases.person[linked].astype(np.int64) * max(n_items, 1) + places[purchases.item[linked]]
    pairs, times = np.unique(pair, return_counts=True)
    buyers = np.bincount(pairs % max(n_items, 1), minlength=n_items)
    again = np.bincount(pairs[times > 1] % max(n_items, 1), minlength=n_items)
    share: Float = (again / np.maximum(buyers, 1)).astype(np.float32)
    return share


def again(purchases: Purchases, category: Int, n_categories: int) -> Float:
    """Return per category the share of its linked buyers who took the same item again on a later day, a buyer counting
    once for each item; nan where fewer than `BUYERS` have had `OPEN` days for it.

    `category` is that of each of the purchases' items, -1 where it has none.
    """
    known = (purchases.person >= 0) & (category[purchases.item] >= 0)
    day = np.floor((purchases.time[known] - purchases.as_of) / DAY)
    pair = purchases.person[known].astype(np.int64) * max(len(purchases.item_keys), 1) + purchases.item[known]
    order = np.lexsort((day, pair))
    pair, day, shelf = pair[order], day[order], category[purchases.item[known][order]]
    _, first, lines = np.unique(pair, return_index=True, return_counts=True)
    returned = day[first + lines - 1] > day[first]
    open_to = day[first] <= -OPEN
    buyers = np.bincount(shelf[first[open_to]], minlength=n_categories)
    came = np.bincount(shelf[first[open_to & returned]], minlength=n_categories)
    share: Float = np.where(buyers >= BUYERS, came / np.maximum(buyers, 1), np.nan).astype(np.float32)
    return share


def rhythm(purchases: Purchases, category: Int, n_categories: int) -> Float:
    """Return per category the median days after which a linked buyer took the same item again on a later day; nan where
    all categories together have fewer than `GAPS` such intervals.

    A category with few of its own leans to that of all: exp((n ln m + g ln M) / (n + g)) with its median m of n
    intervals, the median M of all, and g = `GAPS`. `category` is that of each of the purchases' items, -1 where it has
    none.
    """
    known = purchases.person >= 0
    day = np.floor((purchases.time[known] - purchases.as_of) / DAY)
    pair = purchases.person[known].astype(np.int64) * max(len(purchases.item_keys), 1) + purchases.item[known]
    order = np.lexsort((day, pair))
    pair, day, shelf = pair[order], day[order], category[purchases.item[known][order]]
    gap, again = np.diff(day), np.diff(pair) == 0
    shelf, gap = shelf[1:][again & (gap > 0)], gap[again & (gap > 0)]
    days = np.full(n_categories, np.nan, dtype=np.float32)
    if len(gap) < GAPS:
        return days
    whole = np.log(np.median(gap))
    for place in range(n_categories):
        own = gap[shelf == place]
        mine = np.log(np.median(own)) if len(own) else 0.0
        days[place] = np.exp((len(own) * mine + GAPS * whole) / (len(own) + GAPS))
    return days


def basket(purchases: Purchases, places: NDArray[np.int64], n_items: int, days: float = 30.0) -> Float:
    """Return the mean logarithm of the lines of the baskets that held each item in the last `days`; 0 without any."""
    lines = np.log(np.maximum(np.bincount(purchases.basket), 1)) if len(purchases) else np.empty(0)
    recent = (purchases.as_of - purchases.time) / DAY <= days
    item = places[purchases.item[recent]]
    held = np.bincount(item, minlength=n_items)
    total = np.bincount(item, weights=lines[purchases.basket[recent]], minlength=n_items)
    mean: Float = (total / np.maximum(held, 1)).astype(np.float32)
    return mean


def price(purchases: Purchases, places: NDArray[np.int64], n_items: int) -> Float:
    """Return the median paid per unit over baskets; nan where none is known. `places` maps items to model places."""
    known = np.isfinite(purchases.price)
    item, paid = places[purchases.item[known]], purchases.price[known]
    order = np.lexsort((paid, item))
    item, paid = item[order], paid[order]
    prices = np.full(n_items, np.nan, dtype=np.float32)
    items, start, count = np.unique(item, return_index=True, return_counts=True)
    middle = (paid[start + (count - 1) // 2] + paid[start + count // 2]) / np.float32(2.0)
    prices[items] = middle
    return prices
