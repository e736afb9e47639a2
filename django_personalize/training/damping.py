"""No one buyer, hour or browser makes what everybody is shown: what exceeds the usual by far is thinned before it is
learnt.

A group (a linked buyer's week, an hour) may bring so many lines of one item and no more: twice what the 999th of 1,000
other buyers, or hours, has brought at most, and never fewer than `FREE`. Of more than that as many are kept, evenly
spread over the time in which they came, the newest among them, so that a steady buyer stays a steady one. In ordinary
orders that is nobody, and nothing is changed. Whoever floods is not asked what is usual: the largest has no say in it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import DAY, Purchases

FREE = 5
"""So many times anybody may take an item in a week, and any item may be taken in an hour."""
USUAL = 0.999
TWICE = 2
WEEK = 7 * DAY
"""As long as what recent popularity forgets half of."""
HOUR = 3_600.0

Places = NDArray[np.int64]


def damped(purchases: Purchases) -> Purchases:
    """Return `purchases` without the lines that one linked buyer has in a week, or one hour has, beyond the usual of
    an item; the same object where there are none. Every item keeps some. Baskets are numbered anew.

    Orders that no consent links to a buyer are damped by their hour alone: nothing says whose they are.
    """
    item = purchases.item.astype(np.int64)
    linked = np.flatnonzero(purchases.person >= 0)
    week = ((purchases.as_of - purchases.time[linked]) // WEEK).astype(np.int64)
    kept = np.ones(len(purchases), dtype=bool)
    kept[linked] = within(purchases.person[linked].astype(np.int64), item[linked], week)
    left = np.flatnonzero(kept)
    hour = (purchases.time[left] // HOUR).astype(np.int64)
    kept[left] = within(hour - hour.min(initial=0), item[left])
    if kept.all():
        return purchases
    _, basket = np.unique(purchases.basket[kept], return_inverse=True)
    columns = ("person", "item", "quantity", "price", "time")
    return replace(
        purchases, basket=basket.astype(np.int32), **{name: getattr(purchases, name)[kept] for name in columns}
    )


def within(group: Places, item: Places, span: Places | None = None) -> NDArray[np.bool_]:
    """Return which rows, in order of time, stay within what is usual of one item for a group in a span of time.

    What is usual is asked of the groups, each by its largest number of rows of one item in one span. All columns hold
    numbers from 0 on.
    """
    kept = np.ones(len(group), dtype=bool)
    if not len(group):
        return kept
    code = group * (int(item.max()) + 1) + item
    if span is not None:
        code = code * (int(span.max()) + 1) + span
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    sizes = np.diff(starts, append=len(code))
    largest = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(largest, group[order[starts]], sizes)
    most = _most(largest[largest > 0])
    for start, size in zip(starts[sizes > most].tolist(), sizes[sizes > most].tolist(), strict=True):
        step = np.arange(size + 1) * most // size
        kept[order[start : start + size]] = step[1:] > step[:-1]
    return kept


def _most(largest: Places) -> int:
    others = np.sort(largest)[: len(largest) - 1]
    return max(FREE, TWICE * int(others[int(USUAL * (len(others) - 1))])) if len(others) else FREE
