"""How far recent popularity should lean towards a person's own past here, asked of every order as it came in.

The ladder's held-out window has its judges only once dozens of people have come back in it. Long before that, each
order of somebody known is a small experiment: with everything from before it, and nothing else, how much more of it
would each tilt have found than popularity alone? This is the prequential principle of Dawid (1984), Statistical Theory:
The Prequential Approach. Orders of one person are one piece of evidence, not several. Before anybody came back, what
baskets say of tastes decides where to begin (`training.tastes`); that fades as people come back and do not bear it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import LEVEL, Tilt
from django_personalize.core.arrays import DAY, Double, Purchases
from django_personalize.recommend.generators import top
from django_personalize.recommend.profile import NEAR_HALF_LIFE
from django_personalize.recommend.tilt import lean
from django_personalize.training.metrics import K, ndcg
from django_personalize.training.popularity import HALF_LIVES
from django_personalize.training.tastes import Tastes, tastes

MOST = 200
"""Newest orders that are asked: what foretells no more is soon known. Chosen in the simulated worlds."""
FEWEST = 5
"""People whose word can be sure."""
SURE = 2.0
"""Standard errors by which a gain must exceed zero."""
FIRST = 0.005
"""The share of wishes that goes to a person's own past before anything is known: little enough to cost nothing where it
foretells nothing, enough to tell items apart that sold equally."""
FIRST_OF_TASTES = 0.2
"""The same where baskets are sure that tastes differ."""
PATIENCE = 10.0
"""So many people who came back without proof halve what was begun with."""
SHARES = (0.02, 0.1, 0.2, 0.5)
"""Shares of wishes that are tried on those who came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """The tilt that serves, and what those who came back say of it."""

    people: int
    """Those who had bought before and bought again."""
    gain: float
    """The gain in NDCG@10 over popularity alone of the best tilt that was tried; 0 without anybody."""
    error: float
    """The standard error of `gain`, people drawn anew; infinite where fewer than two can tell."""
    tilt: Tilt

    @property
    def sure(self) -> bool:
        """Whether the gain is no accident."""
        return self.people >= FEWEST and self.gain > SURE * self.error

    def __str__(self) -> str:
        return (
            f"what people bought is sure to foretell what they buy next: over the {self.people:,} who came back it "
            f"gains {self.gain:+.4f} NDCG@10, with a standard error of {self.error:.4f}"
        )


NOBODY = Foresight(people=0, gain=0.0, error=float("inf"), tilt=LEVEL)


def foresee(purchases: Purchases, category: NDArray[np.int64]) -> Foresight:
    """Return the tilt for `purchases`, whose items are of the categories numbered by `category`, -1 for none.

    The best tilt by its surest gain (the mean less two standard errors) serves where that is above zero over at least
    five people; else what is begun with, the less of it the more people came back.
    """
    found = tastes(purchases, category)
    alike = found.alike if found.differ else 0.0
    tried = _tried(alike)
    each = _gains(purchases, np.where(category >= 0, category, category.max(initial=-1) + 1), tried)
    begun = _begun(found, alike, len(each))
    if len(each) < 2:
        return Foresight(people=len(each), gain=0.0, error=float("inf"), tilt=begun)
    gain, error = each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(len(each))
    best = int(np.argmax(gain - SURE * error))
    told = Foresight(people=len(each), gain=float(gain[best]), error=float(error[best]), tilt=tried[best])
    return told if told.sure else Foresight(people=told.people, gain=told.gain, error=told.error, tilt=begun)


def _begun(found: Tastes, alike: float, people: int) -> Tilt:
    kept = PATIENCE / (PATIENCE + people)
    return Tilt(own=kept * (FIRST_OF_TASTES if found.differ else FIRST), category=kept * alike)


def _tried(alike: float) -> list[Tilt]:
    own = [Tilt(own=share) for share in SHARES]
    return [*own, Tilt(category=alike), *(Tilt(own=share, category=alike) for share in SHARES)] if alike else own


def _gains(purchases: Purchases, category: NDArray[np.int64], tried: Sequence[Tilt]) -> Double:
    """Return (people, tilts) what each tilt gains over popularity alone, each person's orders averaged."""
    gains: dict[int, list[Double]] = {}
    item, time, person = purchases.item, (purchases.time - purchases.as_of) / DAY, purchases.person
    n, half_life, categories = len(purchases.item_keys), HALF_LIVES[1], int(category.max(initial=0)) + 1
    asked = _asked(purchases)
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
        touched, place = np.unique(item[mine], return_inverse=True)
        near = np.bincount(place, weights=np.exp2((time[mine] - time[start]) / NEAR_HALF_LIFE)).astype(np.float64)
        bought = frozenset(item[start:end].tolist())
        plain = _found(lean(popular, category, categories, touched, near, LEVEL), bought)
        told = [_found(lean(popular, category, categories, touched, near, tilt), bought) for tilt in tried]
        gains.setdefault(who, []).append(np.array(told) - plain)
    if not gains:
        return np.empty((0, len(tried)))
    return np.array([np.mean(found, axis=0) for found in gains.values()])


def _asked(purchases: Purchases) -> NDArray[np.int64]:
    """Return the newest baskets of linked people with an earlier basket, ascending."""
    baskets, row = np.unique(purchases.basket, return_index=True)
    buyer = purchases.person[row]
    linked = baskets[buyer >= 0].astype(np.int64)
    _, firsts = np.unique(buyer[buyer >= 0], return_index=True)
    return np.delete(linked, firsts)[-MOST:]


def _found(chances: Double, bought: frozenset[int]) -> float:
    return ndcg(top(chances.astype(np.float32), K, positive=True).tolist(), bought)
