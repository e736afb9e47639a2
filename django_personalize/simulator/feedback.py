"""A row that learns from its own clicks, with and without exploration and position correction: who locks in, who finds.

Everybody is shown the same row of items ordered by their click chances, as far as the clicks have told them; nothing
else is learnt, so that what is compared is the loop alone. Who looks at which slot is not known to the learner.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from django_personalize.core.arrays import Double
from django_personalize.core.types import Candidate, Reason
from django_personalize.recommend.explore import SOURCE, explore
from django_personalize.simulator.loop import SLOTS
from django_personalize.simulator.truth import Truth
from django_personalize.simulator.world import Luck, World, luck

HALF_LIFE = 45.0
"""Days after which a click, and a time of being shown, counts half."""
PRIOR = 20.0
"""Times of being shown that an item's chance is believed to be the usual one for."""
STEEP = 0.5, 20.0
"""The exponent of 1 / slot that is believed before anything is known, and the clicks that this belief weighs."""
SPARE = 40
"""Candidates behind the row."""


class How(StrEnum):
    """How the row is chosen, and what being shown in a slot counts for."""

    GREEDY = "greedy"
    CORRECTED = "greedy, position known"
    """Being shown in a slot counts as much as the slot is truly looked at: better than any shop can know."""
    EXPLORED = "explored"
    """With a share left to chance, and being shown counts once whatever the slot."""
    EXPLORED_CORRECTED = "explored, position learnt"
    """With a share left to chance; by the places that were, it is learnt how much a slot is looked at."""
    THOMPSON = "Thompson, position known"
    """All slots by draws of the posterior."""


@dataclass(slots=True)
class _Told:
    """Clicks and times shown: by item, and by slot where chance chose."""

    clicks: Double
    shown: Double
    by_slot: Double
    of_slot: Double

    def fade(self, days: float) -> None:
        for each in (self.clicks, self.shown):
            each *= 2.0 ** (-days / HALF_LIFE)

    def steepness(self) -> float:
        """Return the b for which 1 / slot^b fits how places left to chance were clicked, weighted by their clicks."""
        far, (prior, weight) = np.log(np.arange(2, SLOTS + 1)), STEEP
        rate = (self.by_slot + 1.0) / (self.of_slot + 20.0)
        fallen, counted = -np.log(rate[1:] / rate[0]), np.minimum(self.by_slot[1:], self.by_slot[0])
        b = ((counted * far * fallen).sum() + weight * prior) / ((counted * far * far).sum() + weight)
        return float(np.clip(b, 0.0, 2.0))


def watch(world: World, how: How, *, seed: int, share: float = 0.05, days: float = 150.0) -> float:
    """Return the clicks per page that the truth expects after the first fifth of the visits of `days`."""
    truth = Truth(world, seed)
    visits = [visit for visit in truth.visits if visit.at < days]
    chance, dice = luck(seed, Luck.POLICY), luck(seed, Luck.ROW)
    nothing, looked = np.zeros(world.items), np.arange(1.0, SLOTS + 1) ** -world.fading
    told = _Told(np.zeros(world.items), np.zeros(world.items), np.zeros(SLOTS), np.zeros(SLOTS))
    worth, last = [], 0.0
    for visit in visits:
        told.fade(visit.at - last)
        last = visit.at
        there = np.flatnonzero(truth.on_shelf(visit.at))
        usual = (told.clicks.sum() + 1.0) / (told.shown.sum() + 50.0)
        hits = told.clicks[there] + PRIOR * usual
        misses = np.maximum(told.shown[there] - told.clicks[there], 0.0) + PRIOR * (1.0 - usual)
        score = chance.beta(hits, misses) if how is How.THOMPSON else hits / (hits + misses)
        best = there[np.argsort(-score, kind="stable")[: SLOTS + SPARE]]
        row, by_chance = best[:SLOTS], np.zeros(SLOTS, dtype=bool)
        if how in (How.EXPLORED, How.EXPLORED_CORRECTED):
            row, by_chance = _explored(best, share, seed=visit.number + (seed << 32))
        chances = looked * truth.click(visit.shopper, visit.at, nothing)[row]
        worth.append(float(chances.sum()))
        clicked = dice.random(SLOTS) < chances
        told.clicks[row] += clicked
        if how in (How.CORRECTED, How.THOMPSON):
            told.shown[row] += looked
        elif how is How.EXPLORED_CORRECTED:
            told.shown[row] += np.arange(1.0, SLOTS + 1) ** -told.steepness()
        else:
            told.shown[row] += 1.0
        told.by_slot[by_chance] += clicked[by_chance]
        told.of_slot[by_chance] += 1.0
    return float(np.mean(worth[len(worth) // 5 :]))


def _explored(best: np.ndarray, share: float, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    reason = Reason(code="popular")
    row = [Candidate(item_key=str(item), score=0.0, source="", reason=reason) for item in best.tolist()]
    shown = explore(row, SLOTS, share, seed=seed)[:SLOTS]
    return np.array([int(each.item_key) for each in shown]), np.array([each.source == SOURCE for each in shown])
