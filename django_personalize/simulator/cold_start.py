"""From no order at all upward: the personal row beside recent popularity, by how much the shop has seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from django_personalize.artifacts.model import Model
from django_personalize.simulator.behaviour import Life, Outcome
from django_personalize.simulator.loop import SLOTS, mean
from django_personalize.simulator.policies import row, trained
from django_personalize.simulator.truth import Truth, Visit
from django_personalize.simulator.world import World, moment

DAYS = 7.0
"""What was learnt at one size serves so long; a shop that trains every night is better off."""
ASKED = 100
"""Most visits that are asked at one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The mean page of the known shoppers who came next."""

    interactions: int
    """Order lines; whole orders count, so a few more may be there."""
    day: float
    visits: int
    """Visits asked. Whoever is unknown sees the same row either way and is not among them."""
    rung: str
    personal: Outcome
    popular: Outcome


@dataclass(slots=True)
class _Probe:
    """One size while it is being measured."""

    interactions: int
    day: float
    model: Model | None
    personal: list[Outcome] = field(default_factory=list)
    popular: list[Outcome] = field(default_factory=list)

    def ask(self, life: Life, truth: Truth, visit: Visit) -> None:
        key, at = truth.shopper_keys[visit.shopper], moment(visit.at)
        if len(self.personal) == ASKED or visit.at > self.day + DAYS or not life.log.history(key):
            return
        self.personal.append(life.expect(visit, row("personal", self.model, life.log, truth.shelf, key, at, SLOTS)))
        self.popular.append(life.expect(visit, row("best_sellers", self.model, life.log, truth.shelf, key, at, SLOTS)))

    def result(self) -> Size:
        return Size(
            interactions=self.interactions,
            day=self.day,
            visits=len(self.personal),
            rung="newest" if self.model is None else self.model.rung,
            personal=mean(self.personal),
            popular=mean(self.popular),
        )


def grow(world: World, sizes: Sequence[int], *, seed: int) -> list[Size]:
    """Return the outcomes at each of the ascending `sizes` that the world reaches.

    Shoppers find everything by themselves. At each size both rows learn, and then every visit of a known shopper in the
    next seven days is asked what either row would have been worth to it, before it takes place.
    """
    truth = Truth(world, seed)
    life = Life(truth)
    wanted = list(sizes)
    probes: list[_Probe] = []
    for visit in life.until(world.days):
        at = moment(visit.at)
        while wanted and len(life.log.lines) >= wanted[0] <= bisect_right(life.log.lines, at, key=lambda line: line.at):
            model = trained(life.log, truth.shelf, at, seed=seed)
            probes.append(_Probe(interactions=wanted.pop(0), day=visit.at, model=model))
        if not wanted and visit.at > probes[-1].day + DAYS:
            break
        for probe in probes:
            probe.ask(life, truth, visit)
        life.happen(visit)
    return [probe.result() for probe in probes]
