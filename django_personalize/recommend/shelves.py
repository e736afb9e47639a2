"""The steps about a part of the shop: trending, new arrivals, reduced, back in stock. In the person's own order where
there is a past, in that of what sells where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from django_personalize.core.arrays import DAY, Float, Int
from django_personalize.core.types import Candidate, Ranking, Reason
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.generators import top
from django_personalize.recommend.personal import standing
from django_personalize.recommend.ranking import NOTHING, over_fetch, ranking
from django_personalize.recommend.rerankers import had_for_good

RISING = 3.0
"""Baskets of the last seven days below which nothing is said to rise."""
FASTER = 1.25
"""How many times its usual rate an item sells at where it rises."""
HALF_LIVES = 7.0, 60.0
"""Days, of the two columns of `popularity` that are compared."""
NEW_DAYS = 60.0


def trending(asking: Asking) -> Ranking:
    """What sells faster these days than it usually does.

    With rates p by a half-life of 7 days and q by one of 60, each over the days that the shop has had the item, which a
    steady seller has equal, the score is (p - q) / (p + q)^0.5: how far the rise is beyond what chance makes of so many
    sales.
    """
    model = asking.model
    if not asking.learnt:
        return NOTHING
    age = np.maximum(model.age, 1.0)
    now = model.popularity[:, 1] / (1.0 - np.exp2(-age / HALF_LIVES[0]))
    usual = model.popularity[:, 2] / (1.0 - np.exp2(-age / HALF_LIVES[1]))
    rises = asking.allowed & (model.sold[:, 0] >= RISING) & (now >= FASTER * usual)
    score: Float = np.where(rises, (now - usual) / np.sqrt(np.maximum(now + usual, 1e-9)), 0.0).astype(np.float32)
    score[had_for_good(model, asking.person)] = 0.0
    order = top(score, over_fetch(asking.query.n), positive=True)
    return ranking(model, order, score, ["trending"] * len(order), [Reason(code="trending")] * len(order), "popular")


def new_arrivals(asking: Asking) -> Ranking:
    """What the shop has had for less than `NEW_DAYS`, in this person's order; nothing without a past, since render then
    asks the shop itself for its newest.
    """
    model = asking.model
    if not asking.person:
        return NOTHING
    age = model.age + np.float32((asking.query.as_of.timestamp() - model.as_of) / DAY)
    places = np.flatnonzero(asking.allowed & (age < NEW_DAYS)).astype(np.int32)
    return _shelf(asking, places, (), "new")


def reduced(asking: Asking) -> Ranking:
    """What the shop sells below its list price now, by its own word."""
    return _told(asking, "reduced", "reduced")


def back_in_stock(asking: Asking) -> Ranking:
    """What was sold out for a while and is there again; only what has sold before, or it would be new."""
    return _told(asking, "back_in_stock", "back", sold_only=True)


def _told(asking: Asking, step: str, code: str, *, sold_only: bool = False) -> Ranking:
    model, keys = asking.model, asking.query.told.get(step, ())
    places = np.array(model.indices(keys), dtype=np.int32)
    if sold_only:
        places = places[np.isfinite(model.price[places])]
        return _shelf(asking, places[asking.allowed[places]], (), code)
    left_out = {*asking.query.exclude, *asking.query.context}
    unknown = [key for key in keys if key not in model.index and key not in left_out]
    return _shelf(asking, places[asking.allowed[places]], unknown, code)


def _shelf(asking: Asking, places: Int, unknown: Sequence[str], code: str) -> Ranking:
    """Return the items at these places in this person's order, then what is as yet `unknown` to the model."""
    limit, model = over_fetch(asking.query.n), asking.model
    order = in_order(asking, places)[:limit]
    keys = [model.item_keys[place] for place in order.tolist()] + list(unknown)
    chosen = tuple(
        Candidate(item_key=key, score=float(-at), source=code, reason=Reason(code=code))
        for at, key in enumerate(keys[:limit])
    )
    return Ranking(candidates=chosen, rung="popular", model_version=model.number) if chosen else NOTHING


def in_order(asking: Asking, places: Int) -> Int:
    """Return `places` in this person's order, without what they have for good; by what sells for nobody's past, and for
    those of which nothing else is known.
    """
    model, person = asking.model, asking.person
    places = places[~np.isin(places, had_for_good(model, person))]
    usual = places[np.lexsort((places, -model.popularity[places, 1]))]
    if not person or not len(places):
        return usual
    allowed = np.zeros(len(model.item_keys), dtype=bool)
    allowed[places] = True
    found = standing(model, person, allowed=allowed, given=asking.scored)
    mine = found.item[top(found.score, len(found.item))]
    return np.concatenate([mine, usual[~np.isin(usual, mine)]]).astype(np.int32)
