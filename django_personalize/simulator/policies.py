"""Who fills the recommended row: models that learn from the log alone, the best cheap thing, chance, and the oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Protocol

from django_personalize.artifacts.model import Model, assemble
from django_personalize.core.types import Query
from django_personalize.exceptions import NotEnoughData
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.personal import standing
from django_personalize.recommend.pipeline import over_fetch, rank
from django_personalize.recommend.rerankers import rerank
from django_personalize.simulator.log import Log
from django_personalize.simulator.shelf import Shelf
from django_personalize.simulator.world import Luck, luck
from django_personalize.training import dataset, evaluate
from django_personalize.training.ladder import manifest
from django_personalize.training.learn import learn
from django_personalize.training.run import learn_all


class Policy(Protocol):
    """Fills a row of `n` for one shopper."""

    def learn(self, log: Log, shelf: Shelf, as_of: float) -> None:
        """Learn from what the shop knows at `as_of`."""

    def page(self, shopper: str, at: float, n: int) -> Sequence[str]:
        """Return `n` items, best first, for the shopper who comes at `at`."""


def trained(log: Log, shelf: Shelf, as_of: float, *, seed: int) -> Model | None:
    """Return the model that the nightly training would publish; None before the first order."""
    orders = log.orders(as_of)
    try:
        learnt = learn_all(orders, shelf.at(as_of), seed=seed, threads=1, progress=lambda *told: None)
    except NotEnoughData:
        return None
    return assemble(
        learnt.arrays, {"as_of": as_of, "fold": learnt.fold, "tilt": asdict(learnt.tilt), **manifest(learnt.verdicts)}
    )


def recent(log: Log, shelf: Shelf, as_of: float) -> Model | None:
    """Return a model that knows recent popularity and nothing else; None before the first order."""
    orders = log.orders(as_of)
    if not len(orders):
        return None
    arrays = learn(dataset.net(orders), shelf.at(as_of), together=False)
    return evaluate.in_memory(arrays, as_of, ["popular"])


def row(pipeline: str, model: Model | None, log: Log, shelf: Shelf, shopper: str, at: float, n: int) -> list[str]:
    """Return what a page shows: the ranking of `pipeline` as serving makes it, filled up with the newest items."""
    query = Query(placement="simulated", n=n, as_of=datetime.fromtimestamp(at, UTC), history=log.history(shopper))
    shown = _personal(query, model) if pipeline == "personal" else _ranked(pipeline, query, model)
    if len(shown) < n:
        shown += [key for key in shelf.newest(at, 2 * n) if key not in shown][: n - len(shown)]
    return shown


def _personal(query: Query, model: Model | None) -> list[str]:
    """Return what `rank` would, without the reasons, which cost more than the order."""
    if model is None:
        return []
    asking = Asking(query, model)
    found = standing(model, asking.person, allowed=asking.allowed, given=asking.scored)
    order, _ = rerank(asking, asking.person, found.item, found.score, over_fetch(query.n))
    return [model.item_keys[place] for place in found.item[order[: query.n]].tolist()]


def _ranked(pipeline: str, query: Query, model: Model | None) -> list[str]:
    return [each.item_key for each in rank(pipeline, query, model).candidates[: query.n]]


class Personal:
    """The personal row. Learns at every opportunity, or, `frozen`, only at the first."""

    def __init__(self, *, seed: int, frozen: bool = False) -> None:
        self._seed, self._frozen = seed, frozen
        self._known: tuple[Log, Shelf, Model | None] | None = None

    def learn(self, log: Log, shelf: Shelf, as_of: float) -> None:
        if self._known is None or not self._frozen:
            self._known = log, shelf, trained(log, shelf, as_of, seed=self._seed)

    def page(self, shopper: str, at: float, n: int) -> Sequence[str]:
        if self._known is None:
            return ()
        log, shelf, model = self._known
        return row("personal", model, log, shelf, shopper, at, n)


class Popular:
    """Recent popularity, worked out anew at every opportunity."""

    def __init__(self) -> None:
        self._known: tuple[Log, Shelf, Model | None] | None = None

    def learn(self, log: Log, shelf: Shelf, as_of: float) -> None:
        self._known = log, shelf, recent(log, shelf, as_of)

    def page(self, shopper: str, at: float, n: int) -> Sequence[str]:
        if self._known is None:
            return ()
        log, shelf, model = self._known
        return row("best_sellers", model, log, shelf, shopper, at, n)


class Random:
    """Anything that is on the shelf."""

    def __init__(self, *, seed: int) -> None:
        self._chance = luck(seed, Luck.POLICY)
        self._there: list[str] = []

    def learn(self, log: Log, shelf: Shelf, as_of: float) -> None:
        self._there = sorted(shelf.at(as_of).category)

    def page(self, shopper: str, at: float, n: int) -> Sequence[str]:
        places = self._chance.choice(len(self._there), n, replace=False)
        return [self._there[place] for place in places.tolist()]
