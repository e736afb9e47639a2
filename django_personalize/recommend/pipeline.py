"""One way in: a pipeline's name and a query give a ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Candidate, Query, Ranking, Reason
from django_personalize.recommend import explain
from django_personalize.recommend.beside import bought_beside, like
from django_personalize.recommend.generators import own, top
from django_personalize.recommend.personal import candidates, standing
from django_personalize.recommend.profile import Profile, profile

Pipeline = Callable[[Query, Model], Ranking]
NOTHING = Ranking(candidates=(), rung="newest")


def rank(name: str, query: Query, model: Model | None) -> Ranking:
    """Return about 4 n + 12 candidates of pipeline `name`, best first, ties by key, or none on rung 'newest'.

    Nothing of the page's context or of `query.exclude` is among them. Without a model there is nothing to say: render
    shows the shop's newest. Raises `KeyError` for a name that no pipeline has.
    """
    pipeline = PIPELINES[name]
    return NOTHING if model is None else pipeline(query, model)


def over_fetch(n: int) -> int:
    """Return how many candidates are wanted so that `n` remain after what is sold out or already on the page is
    dropped.
    """
    return 4 * n + 12


def open_to(query: Query, model: Model) -> NDArray[np.bool_]:
    """Return which items may be candidates: listed, not excluded, not what the page is about."""
    allowed: NDArray[np.bool_] = np.array(model.listed)
    allowed[model.indices({*query.exclude, *query.context})] = False
    return allowed


def personal(query: Query, model: Model) -> Ranking:
    """The homepage row: the highest rung over all generators for a known past, recent popularity for none."""
    person = _person(query, model)
    found = standing(model, person, allowed=open_to(query, model))
    return Ranking(
        candidates=candidates(model, person, found, query.n, over_fetch(query.n)),
        rung=found.rung,
        model_version=model.number,
    )


def similar(query: Query, model: Model) -> Ranking:
    """You may also like: what stands beside the page's items in baskets, and what is like them; else best sellers."""
    evidence = like(model, model.indices(query.context), _person(query, model))
    if evidence is None:
        return best_sellers(query, model)
    order = top(np.where(open_to(query, model), evidence.score, -np.inf), over_fetch(query.n))
    if not len(order):
        return best_sellers(query, model)
    reasons = evidence.reasons(model, order)
    return _ranking(model, order, evidence.score, evidence.sources(order), reasons, evidence.rung)


def bought_together(query: Query, model: Model) -> Ranking:
    """Frequently bought together: only what baskets say, and honestly nothing where they say nothing."""
    evidence = bought_beside(model, model.indices(query.context))
    order = top(np.where(open_to(query, model), evidence.score, 0.0), over_fetch(query.n), positive=True)
    if not len(order):
        return NOTHING
    return _ranking(
        model, order, evidence.score, ["together"] * len(order), evidence.reasons(model, order), "neighbours"
    )


def best_sellers(query: Query, model: Model) -> Ranking:
    """What sells now: popularity with a 7-day half-life."""
    return _by(query, model, model.popularity[:, 1], "popular")


def trending(query: Query, model: Model) -> Ranking:
    """What sells faster now than over two months: the 7-day rate minus the 60-day rate."""
    return _by(query, model, model.popularity[:, 1] - model.popularity[:, 2], "trending")


def buy_again(query: Query, model: Model) -> Ranking:
    """What this person bought before, recent and often first; nothing for nobody's past."""
    scores = own(model, _person(query, model))
    order = top(np.where(open_to(query, model), scores, 0.0), over_fetch(query.n), positive=True)
    reasons = [Reason(code="buy_again", anchor=model.item_keys[item]) for item in order.tolist()]
    return _ranking(model, order, scores, ["own"] * len(order), reasons, "popular") if len(order) else NOTHING


PIPELINES: Mapping[str, Pipeline] = {
    "personal": personal,
    "similar": similar,
    "bought_together": bought_together,
    "best_sellers": best_sellers,
    "trending": trending,
    "buy_again": buy_again,
}


def _person(query: Query, model: Model) -> Profile:
    return profile(model, query.history, query.as_of.timestamp())


def _by(query: Query, model: Model, scores: Float, code: str) -> Ranking:
    order = top(np.where(open_to(query, model), scores, 0.0), over_fetch(query.n), positive=True)
    if not len(order):
        return NOTHING
    reasons = [Reason(code=code) if code == "trending" else explain.default(model, item) for item in order.tolist()]
    return _ranking(model, order, scores, [code] * len(order), reasons, "popular")


def _ranking(model: Model, order: Int, scores: Float, sources: list[str], reasons: list[Reason], rung: str) -> Ranking:
    chosen = tuple(
        Candidate(item_key=model.item_keys[item], score=score, source=source, reason=reason)
        for item, score, source, reason in zip(order.tolist(), scores[order].tolist(), sources, reasons, strict=True)
    )
    return Ranking(candidates=chosen, rung=rung, model_version=model.number)
