"""The steps that stand on what the model knows of everybody: personal, similar, bought together, best sellers.

Each says nothing where nothing is learnt.
"""

from __future__ import annotations

import numpy as np

from django_personalize.core.types import Ranking
from django_personalize.recommend import explain
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.beside import bought_beside, like
from django_personalize.recommend.generators import top
from django_personalize.recommend.personal import candidates, standing
from django_personalize.recommend.ranking import NOTHING, over_fetch, ranking
from django_personalize.recommend.rerankers import had_for_good


def personal(asking: Asking) -> Ranking:
    """The homepage row: the highest rung over all generators for a known past, recent popularity for none."""
    if not asking.learnt:
        return NOTHING
    found = standing(asking.model, asking.person, allowed=asking.allowed, given=asking.scored)
    return Ranking(
        candidates=candidates(asking, found, over_fetch(asking.query.n)),
        rung=found.rung,
        model_version=asking.model.number,
    )


def similar(asking: Asking) -> Ranking:
    """You may also like: what stands beside the page's items in baskets, and what is like them."""
    model, query = asking.model, asking.query
    evidence = like(model, model.indices(query.context), asking.person) if asking.learnt else None
    if evidence is None:
        return NOTHING
    order = top(np.where(asking.allowed, evidence.score, -np.inf), over_fetch(query.n))
    reasons = evidence.reasons(model, order)
    return ranking(model, order, evidence.score, evidence.sources(order), reasons, evidence.rung)


def bought_together(asking: Asking) -> Ranking:
    """Frequently bought together: only what baskets say, and honestly nothing where they say nothing."""
    model, query = asking.model, asking.query
    if not asking.learnt:
        return NOTHING
    evidence = bought_beside(model, model.indices(query.context))
    order = top(np.where(asking.allowed, evidence.score, 0.0), over_fetch(query.n), positive=True)
    reasons = evidence.reasons(model, order)
    return ranking(model, order, evidence.score, ["together"] * len(order), reasons, "neighbours")


def best_sellers(asking: Asking) -> Ranking:
    """What sells now, but for what this person has for good: popularity with a 7-day half-life."""
    model = asking.model
    if not asking.learnt:
        return NOTHING
    selling = np.where(asking.allowed, model.popularity[:, 1], 0.0)
    selling[had_for_good(model, asking.person)] = 0.0
    order = top(selling, over_fetch(asking.query.n), positive=True)
    reasons = [explain.default(model, item) for item in order.tolist()]
    return ranking(model, order, model.popularity[:, 1], ["popular"] * len(order), reasons, "popular")
