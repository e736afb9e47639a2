"""The person's own order of the shop's categories, and the best of one category for them."""

from __future__ import annotations

from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Candidate
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.personal import of_category

PRIOR = 2.0
"""How many fresh purchases the shop's own share weighs in a person's share of a category."""
DAMPING = 0.5
"""0 orders by the person's share alone (large categories lead everybody's page), 1 by how far it exceeds the shop's."""
TASTE = 0.5
BEST = 5
"""A category tastes as its best so many items do."""


def rank_categories(asking: Asking) -> tuple[str, ...]:
    """Return all categories with a listed item, this person's best first, ties by name.

    Without a history the order is recent popularity. With one, a category c scores (w_c + m p_c) / (w + m) / s_c^0.5,
    where w is the recency-weighted history, s_c the shop's recent share, and p_c that share tilted by what the factors
    expect of the category's best items: a small history is smoothed, and a large category does not lead every page.
    """
    model, person = asking.model, asking.person
    if not model.categories:
        return ()
    listed = model.listed & (model.item_category >= 0)
    size = len(model.categories)
    recent = np.bincount(model.item_category[listed], weights=model.popularity[listed, 1], minlength=size)
    share = (recent + 1e-3 * max(recent.sum(), 1e-9)) / max(recent.sum() * (1 + 1e-3 * size), 1e-9)
    score = share
    if person:
        place = model.item_category[person.item]
        inside = place >= 0
        own = np.bincount(place[inside], weights=person.near[inside], minlength=size)
        prior = share * np.exp(TASTE * _taste(asking))
        prior /= prior.sum()
        score = (own + PRIOR * prior) / (own.sum() + PRIOR) / share**DAMPING
    present = np.bincount(model.item_category[listed], minlength=size) > 0
    order = np.lexsort((np.arange(size), -score))
    return tuple(model.categories[place] for place in order.tolist() if present[place])


def top_of_category(asking: Asking, category: str, limit: int) -> tuple[Candidate, ...]:
    """Return up to `limit` candidates of `category`, best first for this person; () for a category that is unknown.

    Ask for more than will be shown: what is sold out falls away at render.
    """
    model = asking.model
    if category not in model.categories:
        return ()
    return of_category(asking, asking.allowed & (model.item_category == model.categories.index(category)), limit)


def _taste(asking: Asking) -> Float:
    """Return per category the mean standardised factor score of its best items; zeros where there are no factors."""
    model = asking.model
    taste = np.zeros(len(model.categories), dtype=np.float32)
    if "factors" not in model.rungs or not model.vectors.shape[1]:
        return taste
    expected = asking.scored["factors"]
    for category, places in enumerate(_shelves(model)):
        if len(places):
            mine = expected.standard(places)
            best = min(BEST, len(mine))
            taste[category] = float(np.sort(np.partition(mine, len(mine) - best)[len(mine) - best :]).mean())
    return taste


_shelved: WeakKeyDictionary[Model, list[Int]] = WeakKeyDictionary()


def _shelves(model: Model) -> list[Int]:
    """Return the places of each category's listed items; once per model."""
    found = _shelved.get(model)
    if found is None:
        category = np.where(model.listed, model.item_category, -1)
        order = np.argsort(category, kind="stable")
        bounds = np.searchsorted(category[order], np.arange(len(model.categories) + 1))
        found = _shelved[model] = [order[start:end].astype(np.int32) for start, end in pairwise(bounds.tolist())]
    return found
