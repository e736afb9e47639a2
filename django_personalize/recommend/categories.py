"""The person's own order of the shop's categories, and the best of one category for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float
from django_personalize.core.types import Candidate, Query, Reason
from django_personalize.recommend.fold_in import FOLDS, standardised
from django_personalize.recommend.personal import candidates, standing
from django_personalize.recommend.pipeline import open_to
from django_personalize.recommend.profile import Profile, profile

PRIOR = 2.0
"""How many fresh purchases the shop's own share weighs in a person's share of a category."""
DAMPING = 0.5
"""0 orders by the person's share alone (large categories lead everybody's page), 1 by how far it exceeds the shop's."""
TASTE = 0.5
BEST = 5
"""A category tastes as its best so many items do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRank:
    """One category in a person's order."""

    name: str
    score: float
    """Comparable within one order only."""
    reason: Reason
    """`because_bought` or `because_viewed` with the item of this category that says most, `for_you`, or `popular`."""


def rank_categories(query: Query, model: Model | None) -> tuple[CategoryRank, ...]:
    """Return all categories with a listed item, this person's best first, ties by name; () without a model.

    Without a history the order is recent popularity. With one, a category c scores (w_c + m p_c) / (w + m) / s_c^0.5,
    where w is the recency-weighted history, s_c the shop's recent share, and p_c that share tilted by what the factors
    expect of the category's best items: a small history is smoothed, and a large category does not lead every page.
    """
    if model is None or not model.categories:
        return ()
    listed = model.listed & (model.item_category >= 0)
    size = len(model.categories)
    recent = np.bincount(model.item_category[listed], weights=model.popularity[listed, 1], minlength=size)
    share = (recent + 1e-3 * max(recent.sum(), 1e-9)) / max(recent.sum() * (1 + 1e-3 * size), 1e-9)
    present = np.bincount(model.item_category[listed], minlength=size) > 0
    person = profile(model, query.history, query.as_of.timestamp())
    if not person:
        return _ordered(model, present, share, [Reason(code="popular")] * size)
    place = model.item_category[person.item]
    inside = place >= 0
    own = np.bincount(place[inside], weights=person.near[inside], minlength=size)
    prior = share * np.exp(TASTE * _taste(model, person, listed))
    prior /= prior.sum()
    score = (own + PRIOR * prior) / (own.sum() + PRIOR) / share**DAMPING
    usual = share ** (1 - DAMPING)
    reasons = []
    for category in range(size):
        held = np.flatnonzero(place == category)
        if len(held):
            best = int(held[int(person.near[held].argmax())])
            code = "because_bought" if person.count[best] > 0 else "because_viewed"
            reasons.append(Reason(code=code, anchor=model.item_keys[int(person.item[best])]))
        else:
            reasons.append(Reason(code="for_you" if score[category] > usual[category] else "popular"))
    return _ordered(model, present, score, reasons)


def top_of_category(model: Model | None, query: Query, category: str, n: int) -> tuple[Candidate, ...]:
    """Return up to `n` candidates of `category`, best first for this person; () for a category that is unknown.

    Ask for more than will be shown: what is sold out falls away at render.
    """
    if model is None or category not in model.categories:
        return ()
    allowed = open_to(query, model) & (model.item_category == model.categories.index(category))
    person = profile(model, query.history, query.as_of.timestamp())
    return candidates(model, person, standing(model, person, allowed=allowed), min(n, query.n), n)


def _ordered(model: Model, present: np.ndarray, score: np.ndarray, reasons: list[Reason]) -> tuple[CategoryRank, ...]:
    order = np.lexsort((np.arange(len(score)), -score))
    return tuple(
        CategoryRank(name=model.categories[place], score=float(score[place]), reason=reasons[place])
        for place in order.tolist()
        if present[place]
    )


def _taste(model: Model, person: Profile, listed: np.ndarray) -> Float:
    """Return per category the mean standardised factor score of its best items; zeros where there are no factors."""
    size = len(model.categories)
    taste = np.zeros(size, dtype=np.float32)
    if "factors" not in model.rungs or not model.vectors.shape[1]:
        return taste
    expected = standardised(FOLDS[model.fold](model, person))
    for category in range(size):
        mine = expected[listed & (model.item_category == category)]
        if len(mine):
            taste[category] = float(np.sort(mine)[-BEST:].mean())
    return taste
