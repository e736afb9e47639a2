"""One way in: a pipeline's name and a query give a ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Candidate, Query, Ranking, Reason
from django_personalize.recommend import explain
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.beside import bought_beside, like
from django_personalize.recommend.generators import best_selling, top
from django_personalize.recommend.personal import candidates, standing
from django_personalize.recommend.rerankers import had_for_good

Pipeline = Callable[[Asking], Ranking]
NOTHING = Ranking(candidates=(), rung="newest")


def rank(name: str, query: Query, model: Model | None) -> Ranking:
    """Return about 4 n + 12 candidates of pipeline `name`, best first, ties by key, or none on rung 'newest'.

    Nothing of the page's context or of `query.exclude` is among them. Without a model there is nothing to say: render
    shows the shop's newest. Raises `KeyError` for a name that no pipeline has.
    """
    pipeline = PIPELINES[name]
    return NOTHING if model is None else pipeline(Asking(query, model))


def rank_of(name: str, asking: Asking) -> Ranking:
    """`rank` for one of several questions that share an `Asking`."""
    return PIPELINES[name](asking)


def over_fetch(n: int) -> int:
    """Return how many candidates are wanted so that `n` remain after what is sold out or already on the page is
    dropped.
    """
    return 4 * n + 12


def personal(asking: Asking) -> Ranking:
    """The homepage row: the highest rung over all generators for a known past, recent popularity for none."""
    found = standing(asking.model, asking.person, allowed=asking.allowed, given=asking.scored)
    return Ranking(
        candidates=candidates(asking, found, over_fetch(asking.query.n)),
        rung=found.rung,
        model_version=asking.model.number,
    )


def similar(asking: Asking) -> Ranking:
    """You may also like: what stands beside the page's items in baskets, and what is like them; else best sellers."""
    model, query = asking.model, asking.query
    evidence = like(model, model.indices(query.context), asking.person)
    if evidence is None:
        return best_sellers(asking)
    order = top(np.where(asking.allowed, evidence.score, -np.inf), over_fetch(query.n))
    if not len(order):
        return best_sellers(asking)
    reasons = evidence.reasons(model, order)
    return _ranking(model, order, evidence.score, evidence.sources(order), reasons, evidence.rung)


def bought_together(asking: Asking) -> Ranking:
    """Frequently bought together: only what baskets say, and honestly nothing where they say nothing."""
    model, query = asking.model, asking.query
    evidence = bought_beside(model, model.indices(query.context))
    order = top(np.where(asking.allowed, evidence.score, 0.0), over_fetch(query.n), positive=True)
    if not len(order):
        return NOTHING
    return _ranking(
        model, order, evidence.score, ["together"] * len(order), evidence.reasons(model, order), "neighbours"
    )


def best_sellers(asking: Asking) -> Ranking:
    """What sells now, but for what this person has for good: popularity with a 7-day half-life."""
    model = asking.model
    had = had_for_good(model, asking.person)
    allowed = asking.allowed
    if len(had):
        allowed = allowed.copy()
        allowed[had] = False
    order = best_selling(model, allowed, over_fetch(asking.query.n))
    if not len(order):
        return NOTHING
    reasons = [explain.default(model, item) for item in order.tolist()]
    return _ranking(model, order, model.popularity[:, 1], ["popular"] * len(order), reasons, "popular")


PIPELINES: Mapping[str, Pipeline] = {
    "personal": personal,
    "similar": similar,
    "bought_together": bought_together,
    "best_sellers": best_sellers,
}


def _ranking(model: Model, order: Int, scores: Float, sources: list[str], reasons: list[Reason], rung: str) -> Ranking:
    chosen = tuple(
        Candidate(item_key=model.item_keys[item], score=score, source=source, reason=reason)
        for item, score, source, reason in zip(order.tolist(), scores[order].tolist(), sources, reasons, strict=True)
    )
    return Ranking(candidates=chosen, rung=rung, model_version=model.number)
