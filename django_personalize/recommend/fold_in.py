"""A person among the items' vectors, made at request time from what they did and never stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Double, Float
from django_personalize.recommend.profile import Profile

STRETCH = 2.0
"""The mean of vectors is shorter than a fitted person's vector, whose bias term it must stand up to; tuned on
validation.
"""
ALPHA = 5.0
"""How much more a touched item counts than an untouched one in the implicit ridge."""
RIDGE = 1.0
RIDGE_BIAS = 0.1
"""Ridge targets are 0 and 1, WARP's scores are several times as wide: the biases shrink by this to fit in."""
ALS_ALPHA = 2.0
"""How much more than 1 an interaction of weight 1 counts in the least squares that `training.als` fits."""
ALS_RIDGE = 1.0
CLOSE = 1e-3
"""A variance that is a smaller share of the squared mean drowns in the rounding of float32 sums."""
SHARE = 0.5
"""What the ridge says beside the mean in `both`."""


def mean_vector(model: Model, person: Profile) -> Float:
    """Return the recency-weighted mean of the touched items' vectors, stretched."""
    weights: Float = person.fold * np.float32(STRETCH / float(person.fold.sum()))
    folded: Float = weights @ model.vectors[person.item]
    return folded


def ridge_vector(model: Model, person: Profile) -> Float:
    """Return the vector that explains what was touched against everything that was not.

    Minimises sum over touched of (1 + a w)(1 - u . v)^2, plus sum over the rest of (u . v)^2, plus r |u|^2:
    Hu, Koren and Volinsky (2008), Collaborative Filtering for Implicit Feedback Datasets, eq. 4, with the items fixed.
    """
    return _least_squares(model.vectors, model.gram, person, ALPHA, RIDGE)


def als_vector(model: Model, person: Profile) -> Float:
    """Return the user half of the alternating least squares that made `als_vectors`, for this person."""
    return _least_squares(model.als_vectors, model.als_gram, person, ALS_ALPHA, ALS_RIDGE)


def _least_squares(vectors: Float, gram: Float, person: Profile, alpha: float, strength: float) -> Float:
    touched = vectors[person.item]
    extra = np.float32(alpha) * person.fold
    left = gram + (touched.T * extra) @ touched
    left[np.diag_indices_from(left)] += np.float32(strength)
    solved: Float = np.linalg.solve(left, touched.T @ (1 + extra)).astype(np.float32)
    return solved


def mean(model: Model, person: Profile) -> Float:
    """Score all items by the mean vector plus bias."""
    scores: Float = model.vectors @ mean_vector(model, person) + model.biases
    return scores


def ridge(model: Model, person: Profile) -> Float:
    """Score all items by the ridge vector plus the shrunken bias."""
    scores: Float = model.vectors @ ridge_vector(model, person) + np.float32(RIDGE_BIAS) * model.biases
    return scores


def both(model: Model, person: Profile) -> Float:
    """Score all items by the mean, standardised, plus half of the ridge, standardised."""
    return _both(model, [person])[0]


def fold(model: Model, people: Sequence[Profile]) -> list[Float]:
    """Score all items for each of `people`, none of whom is nobody, as `model.fold` says."""
    if model.fold == "both":
        return _both(model, people)
    return [FOLDS[model.fold](model, person) for person in people]


def _both(model: Model, people: Sequence[Profile]) -> list[Float]:
    """For all of them in one pass over the items' vectors, which is what a fold-in costs.

    Mean and deviation of either half follow from the vectors' moments, so that both are one vector before any item is
    scored: u / s + u' / (2 s') less what every item has in common.
    """
    moments = _moments_of(model)
    vectors, coefficients, commons = [], [], []
    for person in people:
        pulled, solved = mean_vector(model, person), ridge_vector(model, person)
        middle, deviation = moments.spread(pulled, 1.0)
        other_middle, other_deviation = moments.spread(solved, RIDGE_BIAS)
        if not deviation or not other_deviation:  # all about equal: what differs must be looked at
            return [
                standardised(mean(model, one)) + np.float32(SHARE) * standardised(ridge(model, one)) for one in people
            ]
        vectors.append(pulled / np.float32(deviation) + solved * np.float32(SHARE / other_deviation))
        coefficients.append(np.float32(1.0 / deviation + SHARE * RIDGE_BIAS / other_deviation))
        commons.append(np.float32(middle / deviation + SHARE * other_middle / other_deviation))
    table = np.stack(vectors) @ model.vectors.T if len(people) > 1 else (model.vectors @ vectors[0])[None, :]
    for scores, coefficient, common in zip(table, coefficients, commons, strict=True):
        scores += coefficient * model.biases
        scores -= common
    return list(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    """Sums over all items, of which the mean and deviation of any vector's scores are made without scoring."""

    items: int
    vector: Double
    bias: float
    square: Double
    """(k, k)"""
    cross: Double
    """(k,) vectors times biases."""
    biases: float
    """Biases squared."""

    def spread(self, vector: Float, share: float) -> tuple[float, float]:
        """Return mean and standard deviation of v . vector + share b over all items; the latter 0 where it is too small
        beside the mean to be told like this.
        """
        given = vector.astype(np.float64)
        middle = float(self.vector @ given) + share * self.bias
        second = float(given @ self.square @ given + 2.0 * share * (self.cross @ given) + share**2 * self.biases)
        varies = second / self.items - middle**2
        return middle, float(np.sqrt(varies)) if varies > max(CLOSE * middle**2, CLOSE**2) else 0.0


_moments: WeakKeyDictionary[Model, _Moments] = WeakKeyDictionary()


def _moments_of(model: Model) -> _Moments:
    found = _moments.get(model)
    if found is None:
        items = max(len(model.item_keys), 1)
        found = _moments[model] = _Moments(
            items=items,
            vector=model.vectors.sum(axis=0, dtype=np.float64) / items,
            bias=float(model.biases.sum(dtype=np.float64)) / items,
            square=model.gram.astype(np.float64),
            cross=(model.biases @ model.vectors).astype(np.float64),
            biases=float(model.biases @ model.biases),
        )
    return found


def standardised(scores: Float) -> Float:
    """Return scores minus their mean over their standard deviation; zeros where all are equal."""
    middle, deviation = spread(scores)
    if not deviation:
        return np.zeros_like(scores)
    centred: Float = scores - middle
    centred /= deviation
    return centred


def spread(scores: Float) -> tuple[np.float32, np.float32]:
    """Return the mean and the standard deviation of scores; the latter 0 where all are equal."""
    if not len(scores):
        return np.float32(0.0), np.float32(0.0)
    middle = np.float32(np.add.reduce(scores) / len(scores))
    centred = scores - middle
    deviation = float(np.sqrt(centred @ centred / len(scores)))
    # No score is further from the mean than that; only where it leaves a doubt are all looked at.
    least = 1e-7 * max(1.0, abs(float(middle)) + deviation * len(scores) ** 0.5)
    if deviation <= 2 * least and deviation <= 1e-7 * max(1.0, float(np.abs(scores).max())):
        return middle, np.float32(0.0)
    return middle, np.float32(deviation)


FOLDS: Mapping[str, Callable[[Model, Profile], Float]] = {"mean": mean, "ridge": ridge, "both": both}
