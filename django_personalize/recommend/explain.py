"""Why an item is shown, in a way that holds: an anchor is named only where the row without it lacks the item."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Reason
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.fold_in import mean_vector
from django_personalize.recommend.generators import best_selling, newest, table
from django_personalize.recommend.profile import Profile

REASONS: Mapping[str, str] = {
    "bought_with": "often bought together with the anchor, an item of the page",
    "similar_to": "like the anchor, an item of the page",
    "because_bought": "because this person bought the anchor",
    "because_viewed": "because this person looked at the anchor",
    "buy_again": "this person bought the anchor, which is the item itself, before",
    "for_you": "from this person's history as a whole: a row for nobody in particular would not hold it there",
    "popular": "popular in the shop these days",
    "new": "new in the shop",
}
"""Every code that a `Reason` may carry, and what it claims. The shopper's wording is made at render."""
NEW_DAYS = 30.0
EQUAL = 1e-6
"""Scores this close are a tie, which the candidate loses."""
ANCHORS = 6
"""Most anchors that are verified for one row; an item whose anchor is not among them is `for_you`."""


def default(model: Model, item: int) -> Reason:
    """Return the reason of an item that stands there by nobody's past: popular, or new while it has not sold much."""
    if model.age[item] < NEW_DAYS and model.sold[item, 2] == 0:
        return Reason(code="new")
    return Reason(code="popular")


def unanchored(asking: Asking, items: Int, allowed: NDArray[np.bool_]) -> list[Reason]:
    """Return the reason of each item of a row, best first, so far as it names no other item.

    `for_you` is what would not stand so far up if this person had no past: the row were recent popularity then.
    """
    model, person = asking.model, asking.person
    if not person:
        return [default(model, item) for item in items.tolist()]
    usual = best_selling(model, allowed, max(asking.query.n, len(items)))
    standing_of = {item: place for place, item in enumerate(usual.tolist())}
    owned = set(person.item[person.bought].tolist())
    reasons = []
    for place, item in enumerate(items.tolist()):
        if item in owned:
            reasons.append(Reason(code="buy_again", anchor=model.item_keys[item]))
        elif standing_of.get(item, len(model.item_keys)) < max(asking.query.n, place + 1):
            reasons.append(default(model, item))
        else:
            reasons.append(Reason(code="for_you"))
    return reasons


def nominate(
    model: Model, person: Profile, items: Int, scores: Float, slopes: Mapping[str, float], boundary: float
) -> Int:
    """Return for each item the place in the history of its likely anchor, or -1; each is verified before it is named.

    That is the item of the history which adds most to its score, where this alone lifts it above `boundary`, the score
    of the first item that is not shown. `slopes` is what one raw unit of `neighbours`, of `lately`, of `sequence`
    and of the mean vector's score adds.
    """
    shares = contributions(model, person, items, slopes)
    likely: Int = shares.argmax(axis=0).astype(np.int32)
    strongest = shares.max(axis=0)
    likely[(strongest <= 0) | (scores - strongest > boundary + EQUAL)] = -1
    return likely


def most_named(named: Int) -> list[int]:
    """Return the `ANCHORS` places that are nominated most often: each costs as much to verify as a whole row."""
    places, counts = np.unique(named[named >= 0], return_counts=True)
    best: list[int] = places[np.lexsort((places, -counts))][:ANCHORS].tolist()
    return best


def because(model: Model, person: Profile, place: int) -> Reason:
    """Return the reason that names the item at `place` of the history."""
    code = "because_bought" if person.count[place] > 0 else "because_viewed"
    return Reason(code=code, anchor=model.item_keys[int(person.item[place])])


def contributions(model: Model, person: Profile, items: Int, slopes: Mapping[str, float]) -> Float:
    """Return (history items, candidates): what each item of the history adds to each candidate's score."""
    size = (len(person.item), len(items))
    shares = np.zeros(size, dtype=np.float32)
    place = np.full(len(model.item_keys), -1, dtype=np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    touched, asked = newest(person)
    last = np.zeros(len(person.item), dtype=np.float32)
    last[np.searchsorted(person.item, touched)] = asked
    tables = {
        "neighbours": (*table(model, person), person.near),
        "lately": (model.lately_index, model.lately_weight, person.near),
        "sequence": (model.next_index, model.next_weight, last),
    }
    for name, (index, weight, asks) in tables.items():
        near = index[person.item]
        column = np.where(near >= 0, place[near], -1)
        row, rank = np.nonzero(column >= 0)
        worth = weight[person.item][row, rank] * asks[row]
        shares[row, column[row, rank]] += worth * np.float32(slopes.get(name, 0.0))
    if slopes.get("factors") and model.vectors.shape[1]:
        pull = mean_vector(model, person)
        total = float(person.fold.sum())
        each = model.vectors[person.item] * (person.fold / total)[:, None]
        scale = np.float32(np.linalg.norm(pull) / max(float(np.linalg.norm(each.sum(axis=0))), 1e-9))
        shares += (each @ model.vectors[items].T) * (scale * np.float32(slopes["factors"]))
    return shares
