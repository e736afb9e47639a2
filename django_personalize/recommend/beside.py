"""What goes with the items that a page is about: beside them in baskets, or like them."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Reason
from django_personalize.recommend.fold_in import FOLDS, standardised
from django_personalize.recommend.generators import beside
from django_personalize.recommend.profile import Profile

LIKE = {"neighbours": 1.0, "factors": 1.0, "category": 1.0, "person": 0.25}
"""Weights of the parts of *you may also like*: baskets and factors standardised, the category from 0 to 1 times two."""

PAIRS = 0.1
"""What the pairs' weights say of a whole basket beside the linear model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Scores over all items, and which item of the page says what."""

    score: Float
    """(items,) -inf or 0 where nothing speaks for an item."""
    parts: dict[str, Float]
    """The weighted parts of the score, each (items,)."""
    context: Int
    bought: Float
    """(context, items): what each item of the page says by baskets."""
    alike: Float
    """(context, items): what it says by likeness."""
    rung: str

    def reasons(self, model: Model, items: Int) -> list[Reason]:
        """Return for each item the kind of evidence that weighs most, and the item of the page that says it loudest."""
        nothing = np.full(len(items), -np.inf, dtype=np.float32)
        bought, alike = self.bought[:, items], self.alike[:, items]
        said = [self.parts[name][items] for name in ("factors", "category") if name in self.parts]
        baskets = np.where(bought.any(axis=0), self.parts.get("neighbours", self.score)[items], nothing)
        by_baskets = baskets >= np.max([nothing, *said], axis=0)
        anchors = np.where(by_baskets, bought.argmax(axis=0), alike.argmax(axis=0))
        return [
            Reason(code="bought_with" if bought_with else "similar_to", anchor=model.item_keys[anchor])
            for bought_with, anchor in zip(by_baskets.tolist(), self.context[anchors].tolist(), strict=True)
        ]

    def sources(self, items: Int) -> list[str]:
        names = [name for name in self.parts if name != "person"]
        table = np.stack([self.parts[name][items] for name in names])
        return [names[place] for place in table.argmax(axis=0).tolist()]


def bought_beside(model: Model, context: list[int]) -> Evidence:
    """Return what baskets put beside `context`, by the table that holds no pair which chance explains.

    Where there are several lines and the linear model over baskets is there, it orders what they put forward, for it
    knows what one of them has said already; what it explains away comes last. It brings nothing forward by itself.
    """
    places = np.array(context, dtype=np.int32)
    bought = _each(model.together_index, model.together_weight, places)
    score = bought.sum(axis=0) if len(places) else np.zeros(len(model.item_keys), dtype=np.float32)
    if len(places) > 1 and model.ease_index.shape[1]:
        said = beside(model.ease_index, model.ease_weight, places, np.ones(len(places), dtype=np.float32))
        score = np.where(score > 0, np.maximum(said, 0) + np.float32(PAIRS) * score, score)
    if "neighbours" not in model.rungs:
        score = np.zeros_like(score)
    return Evidence(
        score=score, parts={"neighbours": score}, context=places, bought=bought, alike=bought, rung="neighbours"
    )


def like(model: Model, context: list[int], person: Profile) -> Evidence | None:
    """Return what goes with or is like `context`, leaning a little to `person`; None where nothing is known.

    Three parts: neighbours from baskets, cosine of the factors, and the same category at a near price. An item that
    none of them speaks for scores -inf, so that nothing arbitrary fills the row.
    """
    places = np.array(context, dtype=np.int32)
    if not len(places):
        return None
    parts: dict[str, Float] = {}
    alike = np.zeros((len(places), len(model.item_keys)), dtype=np.float32)
    bought = np.zeros_like(alike)
    spoken = np.zeros(len(model.item_keys), dtype=bool)
    if "neighbours" in model.rungs:
        bought = _each(model.near_index, model.near_weight, places)
        near = bought.sum(axis=0)
        parts["neighbours"] = np.float32(LIKE["neighbours"]) * np.minimum(standardised(np.sqrt(near)), 6.0)
        spoken |= near > 0
    if "factors" in model.rungs and model.vectors[places].any():
        cosine = _cosine(model, places)
        parts["factors"] = np.float32(LIKE["factors"]) * standardised(cosine.mean(axis=0))
        alike += np.maximum(cosine, 0.0)
        spoken |= parts["factors"] > 2.0
    closeness = _closeness(model, places)
    if closeness.any():
        parts["category"] = np.float32(2.0 * LIKE["category"]) * closeness.mean(axis=0)
        alike += closeness
        spoken |= parts["category"] > 0
    if not spoken.any():
        return None
    if person and "factors" in model.rungs and model.vectors.shape[1]:
        parts["person"] = np.float32(LIKE["person"]) * standardised(FOLDS[model.fold](model, person))
    rung = "factors" if "factors" in parts else "neighbours" if "neighbours" in parts else "popular"
    first, *others = parts.values()
    total = first.copy()
    for other in others:
        total += other
    score = np.where(spoken, total, np.float32(-np.inf))
    return Evidence(score=score, parts=parts, context=places, bought=bought, alike=alike, rung=rung)


def _each(index: Int, weight: Float, places: Int) -> Float:
    one = np.ones(1, dtype=np.float32)
    rows = [beside(index, weight, places[at : at + 1], one) for at in range(len(places))]
    return np.stack(rows) if rows else np.zeros((0, len(index)), dtype=np.float32)


_lengths: WeakKeyDictionary[Model, Float] = WeakKeyDictionary()


def _cosine(model: Model, places: Int) -> Float:
    lengths = _lengths.get(model)
    if lengths is None:
        squares = np.einsum("ij,ij->i", model.vectors, model.vectors)
        lengths = _lengths[model] = np.maximum(np.sqrt(squares), np.float32(1e-9))
    cosine: Float = (model.vectors[places] / lengths[places][:, None]) @ model.vectors.T
    cosine /= lengths
    return cosine


def _closeness(model: Model, places: Int) -> Float:
    """Return (context, items): 0 outside the category, inside it 1 at the same price falling to a half at twice or
    half it.
    """
    closeness = np.zeros((len(places), len(model.item_keys)), dtype=np.float32)
    for row, place in zip(closeness, places.tolist(), strict=True):
        if model.item_category[place] >= 0:
            same = np.flatnonzero(model.item_category == model.item_category[place])
            with np.errstate(divide="ignore", invalid="ignore"):
                apart = np.abs(np.log2(model.price[same] / model.price[place]))
            row[same] = np.exp2(-np.where(np.isfinite(apart), apart, np.float32(1.0)))
    return closeness
