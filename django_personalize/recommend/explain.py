"""Why an item is shown, in a way that holds: without the anchor it would not stand where it stands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Reason
from django_personalize.recommend.fold_in import mean_vector
from django_personalize.recommend.profile import Profile

REASONS: Mapping[str, str] = {
    "bought_with": "often bought together with the anchor, an item of the page",
    "similar_to": "like the anchor, an item of the page",
    "because_bought": "because this person bought the anchor",
    "because_viewed": "because this person looked at the anchor",
    "buy_again": "this person bought the anchor, which is the item itself, before",
    "for_you": "from this person's history as a whole; no single item of it decides",
    "popular": "popular in the shop these days",
    "trending": "selling faster these days than over the last two months",
    "new": "new in the shop",
}
"""Every code that a `Reason` may carry, and what it claims. The shopper's wording is made at render."""
NEW_DAYS = 30.0
EQUAL = 1e-6
"""Scores this close are a tie, which the candidate loses."""


def default(model: Model, item: int) -> Reason:
    """Return the reason of an item that stands there by nobody's past: popular, or new while it has not sold much."""
    if model.age[item] < NEW_DAYS and model.sold[item, 2] == 0:
        return Reason(code="new")
    return Reason(code="popular")


def personal(
    model: Model, person: Profile, items: Int, scores: Float, slopes: Mapping[str, float], boundary: float
) -> list[Reason]:
    """Return the reason of each candidate. `slopes` is what one raw unit of `neighbours` and of the mean vector's
    score adds.

    The anchor is the item of the history whose removal takes most from the candidate's score. It is named only where
    the score without it falls to `boundary`, the score of the first item that is not shown; where it takes the
    whole
    history to do that, the reason is `for_you`; where even that does not, it is nobody's past.
    """
    if not person:
        return [default(model, int(item)) for item in items]
    shares = contributions(model, person, items, slopes)
    anchors, strongest = shares.argmax(axis=0), shares.max(axis=0)
    whole = np.maximum(shares, 0.0).sum(axis=0)
    owned = {int(item): place for place, item in enumerate(person.item) if person.count[place] > 0}
    reasons = []
    for place, item in enumerate(items.tolist()):
        if item in owned:
            reasons.append(Reason(code="buy_again", anchor=model.item_keys[item]))
        elif strongest[place] > 0 and scores[place] - strongest[place] <= boundary + EQUAL:
            anchor = int(anchors[place])
            code = "because_bought" if person.count[anchor] > 0 else "because_viewed"
            reasons.append(Reason(code=code, anchor=model.item_keys[int(person.item[anchor])]))
        elif whole[place] > 0 and scores[place] - whole[place] <= boundary + EQUAL:
            reasons.append(Reason(code="for_you"))
        else:
            reasons.append(default(model, item))
    return reasons


def contributions(model: Model, person: Profile, items: Int, slopes: Mapping[str, float]) -> Float:
    """Return (history items, candidates): what each item of the history adds to each candidate's score."""
    size = (len(person.item), len(items))
    shares = np.zeros(size, dtype=np.float32)
    place = np.full(len(model.item_keys), -1, dtype=np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    near = model.near_index[person.item]
    column = np.where(near >= 0, place[near], -1)
    row, rank = np.nonzero(column >= 0)
    worth = model.near_weight[person.item][row, rank] * person.near[row]
    shares[row, column[row, rank]] = worth * np.float32(slopes.get("neighbours", 0.0))
    if slopes.get("factors") and model.vectors.shape[1]:
        pull = mean_vector(model, person)
        total = float(person.fold.sum())
        each = model.vectors[person.item] * (person.fold / total)[:, None]
        scale = np.float32(np.linalg.norm(pull) / max(float(np.linalg.norm(each.sum(axis=0))), 1e-9))
        shares += (each @ model.vectors[items].T) * (scale * np.float32(slopes["factors"]))
    return shares
