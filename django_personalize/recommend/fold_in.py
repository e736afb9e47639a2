"""A person among the items' vectors, made at request time from what they did and never stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float
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
    """For all of them in one pass over the items' vectors, which is what a fold-in costs."""
    vectors = [mean_vector(model, person) for person in people] + [ridge_vector(model, person) for person in people]
    table = np.stack(vectors) @ model.vectors.T
    means, ridges = table[: len(people)], table[len(people) :]
    means += model.biases
    ridges += np.float32(RIDGE_BIAS) * model.biases
    return [
        standardised(mine) + np.float32(SHARE) * standardised(other) for mine, other in zip(means, ridges, strict=True)
    ]


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
