"""The generators: each looks at one kind of evidence and scores every item of the model by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.recommend.fold_in import FOLDS, als_vector
from django_personalize.recommend.profile import Profile

TIE = 1e-4
"""Enough to order equals, too little to order anything else."""
WIDE = 4_096
"""More scores than these are looked through once by a bound that every `STEP`th of them sets."""
STEP = 8
NEWEST = 10
"""Items touched last that say where a visit is going; the tenth says a five-hundredth of what the first does."""


class Generator(Protocol):
    """Scores (items,) for one person; higher is better. A zero of those in `SPARSE` means that there is no evidence."""

    def __call__(self, model: Model, person: Profile) -> Float: ...


def own(model: Model, person: Profile) -> Float:
    """What the person bought, recent and often first; what one order held is told apart by recent popularity."""
    scores = np.zeros(len(model.item_keys), dtype=np.float32)
    selling = model.popularity[person.item, 1]
    most = max(float(model.popularity[:, 1].max(initial=0.0)), 1e-9)
    scores[person.item] = person.own * (1 + np.float32(TIE) * selling / np.float32(most))
    return scores


def neighbours(model: Model, person: Profile) -> Float:
    """What baskets put beside what the person touched."""
    return beside(*table(model, person), person.item, person.near)


def table(model: Model, person: Profile) -> tuple[Int, Float]:
    """Return the neighbours to ask: of a few items of one visit those that go into one basket with them, of a longer
    past those that are tuned for what comes next.
    """
    if person.unseen:
        return model.together_index, model.together_weight
    return model.near_index, model.near_weight


def ease(model: Model, person: Profile) -> Float:
    """What the linear model over baskets says of what the person touched; zeros where the catalogue is too large for
    it. It completes baskets, and is not among `GENERATORS`: beside the others it added nothing to the ranker.
    """
    return beside(model.ease_index, model.ease_weight, person.item, person.near)


def factors(model: Model, person: Profile) -> Float:
    """How the folded-in person's vector and the items' biases score."""
    if not person or not model.vectors.shape[1]:
        return np.zeros(len(model.item_keys), dtype=np.float32)
    return FOLDS[model.fold](model, person)


def als(model: Model, person: Profile) -> Float:
    """How the folded-in person's vector scores among the vectors of the alternating least squares."""
    if not person or not model.als_vectors.shape[1]:
        return np.zeros(len(model.item_keys), dtype=np.float32)
    scores: Float = model.als_vectors @ als_vector(model, person)
    return scores


def als_of_all(model: Model, people: Sequence[Profile]) -> list[Float]:
    """The same for several people, none of whom is nobody, in one pass over the items' vectors."""
    if not people or not model.als_vectors.shape[1]:
        return [np.zeros(len(model.item_keys), dtype=np.float32) for _ in people]
    return list(np.stack([als_vector(model, person) for person in people]) @ model.als_vectors.T)


def lately(model: Model, person: Profile) -> Float:
    """What people who once took what this person touched take these days."""
    return beside(model.lately_index, model.lately_weight, person.item, person.near)


def sequence(model: Model, person: Profile) -> Float:
    """What visits go on to after what this person touched last."""
    return beside(model.next_index, model.next_weight, *newest(person))


def newest(person: Profile) -> tuple[Int, Float]:
    """Return the up to `NEWEST` items touched last, newest first, and how much each asks: half of the one before."""
    items = person.latest[:NEWEST]
    return items, np.exp2(-np.arange(len(items), dtype=np.float32))


def content(model: Model, person: Profile) -> Float:
    """What is like what the person touched by its words, category and brand, sold or not."""
    return beside(model.content_index, model.content_weight, person.item, person.near)


def popular(model: Model, person: Profile) -> Float:
    """What everybody buys now: popularity with a 7-day half-life."""
    return model.popularity[:, 1]


_selling: WeakKeyDictionary[Model, Int] = WeakKeyDictionary()


def best_selling(model: Model, allowed: NDArray[np.bool_], n: int) -> Int:
    """Return the places of up to `n` of the `allowed` items that sell, by recent popularity, ties by lower place."""
    ranked = _selling.get(model)
    if ranked is None:
        ranked = _selling[model] = top(model.popularity[:, 1], len(model.item_keys), positive=True)
    first = ranked[: 4 * n]
    found = first[allowed[first]]
    return found[:n] if len(found) >= n else ranked[allowed[ranked]][:n]


def beside(index: Int, weight: Float, items: Int, weights: Float) -> Float:
    """Return the weighted sum of the rows `items` of a neighbour table, as dense scores over all items."""
    rows = np.maximum(index[items], 0)  # what pads weighs nothing, wherever it goes
    worth = weight[items] * weights[:, None]
    return np.bincount(rows.ravel(), weights=worth.ravel(), minlength=len(index)).astype(np.float32)


GENERATORS: Mapping[str, Generator] = {
    "own": own,
    "neighbours": neighbours,
    "factors": factors,
    "als": als,
    "lately": lately,
    "sequence": sequence,
    "content": content,
    "popular": popular,
}
SPARSE = frozenset({"own", "neighbours", "lately", "sequence", "content", "popular"})
"""Generators whose zero says nothing: a tied zero has no rank and is nobody's candidate."""


def top(scores: Float, n: int, *, positive: bool = False) -> Int:
    """Return the places of the `n` best scores, best first, ties by lower place; only scores above 0 if `positive`.

    Places that score -inf are never returned.
    """
    if positive:
        places = np.flatnonzero(scores > 0).astype(np.int32)
        return places[top(scores[places], n)]
    n = min(n, len(scores))
    if n <= 0:
        return np.empty(0, dtype=np.int32)
    if len(scores) > WIDE:
        some = scores[::STEP]
        bound = np.partition(some, len(some) - n)[len(some) - n] if n < len(some) else -np.inf
        near = np.flatnonzero(scores >= bound).astype(np.int32)  # at least n, and all of the best
        if len(near) < len(scores):
            return near[top(scores[near], n)]
    bound = np.partition(scores, len(scores) - n)[len(scores) - n]
    if bound == -np.inf:
        best = np.flatnonzero(scores > -np.inf)
    else:
        above = np.flatnonzero(scores > bound)
        best = np.concatenate([above, np.flatnonzero(scores == bound)[: n - len(above)]])
    order = np.lexsort((best, -scores[best]))
    chosen: Int = best[order].astype(np.int32)
    return chosen
