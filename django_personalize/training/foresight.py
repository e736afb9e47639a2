"""Whether a person's past foretells here what they take next, asked of every order as it came in.

The ladder's held-out window has its judges only once dozens of people have come back in it. Long before that, each
order of somebody known is a small experiment: with everything from before it, and nothing else, would their own history
beside recent popularity have found more of it than popularity alone? This is the prequential principle of Dawid (1984),
Statistical Theory: The Prequential Approach. Orders of one person are one piece of evidence, not several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import DAY, Double, Purchases
from django_personalize.recommend.fold_in import standardised
from django_personalize.recommend.generators import TIE, top
from django_personalize.recommend.profile import OWN_HALF_LIFE
from django_personalize.training.metrics import K, ndcg
from django_personalize.training.popularity import HALF_LIVES

MOST = 200
"""Newest orders that are asked: what foretells no more is soon known. Chosen in the simulated worlds."""
FEWEST = 5
"""People whose word can be sure."""
SURE = 2.0
"""Standard errors by which the gain must exceed zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """The gain in NDCG@10 of own history and popularity over popularity alone."""

    people: int
    """Those who had bought before and bought again."""
    gain: float
    error: float
    """The standard error of `gain`, people drawn anew; infinite where fewer than two can tell."""

    @property
    def sure(self) -> bool:
        """Whether the gain is no accident."""
        return self.people >= FEWEST and self.gain > SURE * self.error

    def __str__(self) -> str:
        return (
            f"what people bought is sure to foretell what they buy next: over the {self.people:,} who came back it "
            f"gains {self.gain:+.4f} NDCG@10, with a standard error of {self.error:.4f}"
        )


NOBODY = Foresight(people=0, gain=0.0, error=float("inf"))


def foresee(purchases: Purchases) -> Foresight:
    """Return the foresight over the newest orders of linked people who had bought before."""
    asked = _asked(purchases)
    if not len(asked):
        return NOBODY
    gains: dict[int, list[float]] = {}
    item, time, person = purchases.item, (purchases.time - purchases.as_of) / DAY, purchases.person
    n, half_life = len(purchases.item_keys), HALF_LIVES[1]
    starts = np.searchsorted(purchases.basket, asked)
    ends = np.searchsorted(purchases.basket, asked, side="right")
    by_person = np.argsort(person, kind="stable")
    first = np.searchsorted(person[by_person], np.arange(len(purchases.person_keys) + 1))
    popular, done = np.zeros(n), 0
    # Popularity grows by 2^(t / h) a line instead of fading: the order of items is the same, and nothing is aged again.
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        since = slice(done, start)
        popular += np.bincount(item[since], weights=np.exp2(time[since] / half_life), minlength=n)
        done = start
        who = int(person[start])
        mine = by_person[first[who] : first[who + 1]]
        mine = mine[mine < start]
        own = np.bincount(item[mine], weights=np.exp2((time[mine] - time[start]) / OWN_HALF_LIFE), minlength=n)
        gains.setdefault(who, []).append(_gain(popular, own.astype(np.float64), frozenset(item[start:end].tolist())))
    each = np.array([np.mean(found) for found in gains.values()])
    error = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else float("inf")
    return Foresight(people=len(each), gain=float(each.mean()), error=error)


def _asked(purchases: Purchases) -> NDArray[np.int64]:
    """Return the newest baskets of linked people with an earlier basket, ascending."""
    baskets, row = np.unique(purchases.basket, return_index=True)
    buyer = purchases.person[row]
    linked = baskets[buyer >= 0].astype(np.int64)
    _, firsts = np.unique(buyer[buyer >= 0], return_index=True)
    return np.delete(linked, firsts)[-MOST:]


def _gain(popular: Double, own: Double, bought: frozenset[int]) -> float:
    most = max(float(popular.max()), 1e-300)
    share = (popular / most).astype(np.float32)
    told = (own * (1 + TIE * share)).astype(np.float32)
    spoken = (told > 0) | (share > 0)
    blend = top(np.where(spoken, standardised(told) + standardised(share), -np.inf), K)
    return ndcg(blend.tolist(), bought) - ndcg(top(share, K, positive=True).tolist(), bought)
