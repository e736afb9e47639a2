"""Show, act, learn, show: one world under one policy, for several rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from django_personalize.simulator.behaviour import Life, Outcome
from django_personalize.simulator.policies import Policy
from django_personalize.simulator.truth import Truth
from django_personalize.simulator.world import World, moment

SLOTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What the row was worth between two trainings, by the truth, per visit."""

    visits: int
    outcome: Outcome


class Oracle:
    """The ceiling: it reads the truth, and so it is no learner."""

    def __init__(self, truth: Truth, life: Life) -> None:
        self._truth, self._life = truth, life
        self._shopper = {key: place for place, key in enumerate(truth.shopper_keys)}

    def page(self, shopper: str, day: float, n: int) -> Sequence[str]:
        who = self._shopper[shopper]
        chances = self._truth.click(who, day, self._life.owned(who))
        return [self._truth.shelf.item_keys[place] for place in np.argsort(-chances, kind="stable")[:n].tolist()]


@dataclass(frozen=True, slots=True)
class Beginning:
    """A world in which shoppers have found everything by themselves so far; any number of runs start from it."""

    truth: Truth
    life: Life
    day: float


def begin(world: World, *, seed: int, day: float) -> Beginning:
    """Live through the first `day` days of `world` with no row anywhere."""
    truth = Truth(world, seed)
    life = Life(truth)
    for visit in life.until(day):
        life.happen(visit)
    return Beginning(truth, life, day)


def run(beginning: Beginning, policy: Policy | None, *, every: float, rounds: int) -> list[Round]:
    """Return what each round was worth under `policy`; None stands for the oracle.

    The policy learns where `beginning` ends, and again every `every` days. The visits are the same under every policy,
    and so is the luck of all that happens in them.
    """
    truth, life, start = beginning.truth, beginning.life.fork(), beginning.day
    oracle = Oracle(truth, life)
    told = []
    for number in range(rounds):
        begin = start + number * every
        if policy is not None:
            policy.learn(life.log, truth.shelf, moment(begin))
        worth = []
        for visit in life.until(begin + every):
            key = truth.shopper_keys[visit.shopper]
            shown = policy.page(key, moment(visit.at), SLOTS) if policy else oracle.page(key, visit.at, SLOTS)
            worth.append(life.expect(visit, shown))
            life.happen(visit, shown)
        told.append(Round(visits=len(worth), outcome=mean(worth)))
    return told


def mean(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean of some outcomes; zeros of none."""
    table = np.array([(one.clicks, one.purchases, one.money) for one in outcomes]).reshape(-1, 3)
    clicks, purchases, money = table.mean(axis=0).tolist() if len(table) else (0.0, 0.0, 0.0)
    return Outcome(clicks=clicks, purchases=purchases, money=money)
