"""The steps about the items of a page: what their buyers also bought, what their viewers went on to, what completes
them. Nothing comes in by any other evidence, so no row of these contradicts its title.
"""

from __future__ import annotations

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Ranking, Reason
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.generators import beside, top
from django_personalize.recommend.ranking import NOTHING, over_fetch, ranking


def also_bought(asking: Asking) -> Ranking:
    """What those who bought the page's items take besides: in other orders these days, and in the same ones."""
    model, context = asking.model, _context(asking)
    if not len(context) or "neighbours" not in model.rungs:
        return NOTHING
    lately = _each(model.lately_index, model.lately_weight, context)
    near = _each(model.near_index, model.near_weight, context)
    return _row(asking, _level(lately) + _level(near), context, "also_bought", "neighbours")


def also_viewed(asking: Asking) -> Ranking:
    """What visits go on to after the page's items; nothing where nobody's browsing is known."""
    model, context = asking.model, _context(asking)
    if not len(context):
        return NOTHING
    visited = _level(_each(model.next_index, model.next_weight, context))
    return _row(asking, visited, context, "also_viewed", "neighbours")


def complements(asking: Asking) -> Ranking:
    """What baskets put beside the page's items, of other kinds than they are: another mug completes no mug.

    An item whose category the shop does not name counts as another kind.
    """
    model, context = asking.model, _context(asking)
    if not len(context) or "neighbours" not in model.rungs:
        return NOTHING
    said = _each(model.together_index, model.together_weight, context)
    own = np.unique(model.item_category[context])
    said[:, np.isin(model.item_category, own[own >= 0])] = 0.0
    return _row(asking, said, context, "completes", "neighbours")


def _context(asking: Asking) -> Int:
    return np.array(asking.model.indices(asking.query.context), dtype=np.int32)


def _each(index: Int, weight: Float, context: Int) -> Float:
    """Return (context, items): what each item of the page says of the others."""
    one = np.ones(1, dtype=np.float32)
    return np.stack([beside(index, weight, context[at : at + 1], one) for at in range(len(context))])


def _level(said: Float) -> Float:
    """Return the same with every item of the page having one voice: its strongest neighbour is worth 1."""
    most = said.max(axis=1, keepdims=True)
    level: Float = np.divide(said, most, out=np.zeros_like(said), where=most > 0)
    return level


def _row(asking: Asking, said: Float, context: Int, code: str, rung: str) -> Ranking:
    model: Model = asking.model
    score = said.sum(axis=0)
    order = top(np.where(asking.allowed, score, 0.0), over_fetch(asking.query.n), positive=True)
    speaks = said[:, order] > 0
    # Named where it alone speaks for the item: without it, it would not be here.
    alone = np.where(speaks.sum(axis=0) == 1, context[speaks.argmax(axis=0)], -1)
    reasons = [Reason(code=code, anchor=model.item_keys[place] if place >= 0 else "") for place in alone.tolist()]
    return ranking(model, order, score, [code] * len(order), reasons, rung)
