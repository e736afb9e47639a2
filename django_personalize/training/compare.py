"""Two orderings on the same held-out people: what lies between them, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Double
from django_personalize.training import ladder, metrics, split
from django_personalize.training.dataset import Orders
from django_personalize.training.evaluate import PLAIN, personal_rows
from django_personalize.training.feedback import Feedback
from django_personalize.training.looks import Looks
from django_personalize.training.metrics import per_person
from django_personalize.training.split import Held

MOST = 1_000
"""People who are asked, evenly spread over all: their interval is narrow enough, and the night short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over people, and the bounds between which it lies in 95 of 100 draws of as many people from them."""

    mean: float
    low: float
    high: float

    def told(self) -> dict[str, float]:
        return {name: round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How the personal row of a new model does on held-out time, in NDCG@10."""

    rung: str
    by: str
    """Who judges: `people`, or `baskets` where too few people are linked."""
    people: int
    ndcg: Interval
    popular: Interval
    """New minus recent popularity, person by person."""
    live: Interval | None = None
    """New minus live, person by person; None where there is none or its data does not end before the held-out time."""

    def told(self) -> dict[str, Any]:
        """Return what holds whatever is live, so that equal data give equal manifests."""
        return {
            "rung": self.rung,
            "by": self.by,
            "people": self.people,
            "ndcg": self.ndcg.told(),
            "minus_popular": self.popular.told(),
        }


def judge(
    orders: Orders,
    model: Model,
    days: float,
    live: Model | None,
    looks: Looks | None = None,
    shown: Feedback | None = None,
    *,
    seed: int,
) -> Judged | None:
    """Return how `model`, which ends at its `as_of`, does on the `days` after it; None where too few can judge."""
    held, by = split.hold(orders, model.as_of, days, looks, shown), "people"
    if len(held.shoppers) < ladder.JUDGES:
        held, by = split.hold_baskets(orders, model.as_of, days), "baskets"
    if len(held.shoppers) < ladder.JUDGES:
        return None
    held = thinned(held)
    rung = _serving(model)
    found = gains(held, model, {rung, PLAIN})
    ours, popular = found[rung], found[PLAIN]
    theirs = None
    if live is not None and live.as_of <= model.as_of:
        theirs = gains(held, live, {_serving(live)})[_serving(live)]
    return Judged(
        rung=rung,
        by=by,
        people=len(ours),
        ndcg=interval(ours, seed=seed),
        popular=interval(ours - popular, seed=seed),
        live=None if theirs is None else interval(ours - theirs, seed=seed),
    )


def since(orders: Orders, model: Model, other: Model, *, seed: int) -> dict[str, Any] | None:
    """Return how two published models do on what was bought since both were learnt; None where too few bought."""
    cut = max(model.as_of, other.as_of)
    held = thinned(split.hold(orders, cut, (orders.as_of - cut) / DAY)) if cut < orders.as_of else None
    if held is None or len(held.shoppers) < ladder.JUDGES:
        return None
    mine = gains(held, model, {_serving(model)})[_serving(model)]
    theirs = gains(held, other, {_serving(other)})[_serving(other)]
    return {
        "people": len(mine),
        "ndcg": round(float(mine.mean()), 6),
        "other": round(float(theirs.mean()), 6),
        "difference": interval(mine - theirs, seed=seed).told(),
    }


def gains(held: Held, model: Model, rungs: Iterable[str]) -> dict[str, Double]:
    """Return each shopper's NDCG@10 of the personal row on each rung."""
    lists, truths = personal_rows(held, model, sorted(rungs))
    return {rung: per_person(shown, truths) for rung, shown in lists.items()}


def interval(values: Double, *, seed: int) -> Interval:
    """Return the mean of `values` with its bootstrap bounds, drawn over people (Efron 1979, percentile)."""
    low, high = metrics.interval(values, seed=seed)
    return Interval(mean=float(values.mean()), low=low, high=high)


def _serving(model: Model) -> str:
    """Return the rung by which the personal row is ordered; recent popularity where nothing was learnt."""
    return "popular" if model.rung == "newest" else model.rung


def thinned(held: Held) -> Held:
    """Return at most `MOST` of the people, evenly spread over all."""
    return replace(held, shoppers=held.shoppers[:: max(1, -(-len(held.shoppers) // MOST))])
