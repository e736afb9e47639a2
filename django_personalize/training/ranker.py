"""The learned ranker: logistic regression over the features that serve plus boosted trees, fitted on the shop's own
last windows.

Both halves estimate the log odds that a candidate is bought in the window; their sum orders. The two err differently:
the weights extrapolate, the trees see what depends on what. What the sum means as a number says `training.calibration`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Double, Float
from django_personalize.recommend.features import rows
from django_personalize.training import trees
from django_personalize.training.split import Held, asked

RIDGE = 1.0
"""Strength of the pull of the standardised weights towards zero."""
TREED_FROM = 20_000
"""Candidates from which trees are fitted: fewer teach them noise."""
Arrays = trees.Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What one window teaches: the candidates of every shopper, one after the other."""

    table: Float
    """(candidates, features)"""
    bought: NDArray[np.bool_]
    weight: Double
    """One over the root of what the shopper bought of the candidates, so that those who buy the range teach less."""

    def __bool__(self) -> bool:
        return bool(self.bought.any() and not self.bought.all())


def examples(held: Held, model: Model) -> Examples:
    """Return the candidates of every shopper of the window with their features, as they were before the cut."""
    tables, marks, weights = [], [], []
    for one in asked(held, model):
        found = rows(model, one.person, allowed=one.allowed)
        hit = np.isin(found.item, list(one.truth))
        tables.append(found.features)
        marks.append(hit)
        weights.append(np.full(len(hit), max(int(hit.sum()), 1) ** -0.5))
    if not tables:
        return Examples(table=np.empty((0, 0), dtype=np.float32), bought=np.empty(0, dtype=bool), weight=np.empty(0))
    return Examples(table=np.concatenate(tables), bought=np.concatenate(marks), weight=np.concatenate(weights))


def none() -> Arrays:
    """Return the arrays of a ranker that is not fitted."""
    return {"ranker": np.empty(0, dtype=np.float64), "offset": np.empty(0, dtype=np.float64), **trees.none()}


def fit(parts: Sequence[Examples], *, seed: int = 0) -> Arrays:
    """Return the arrays of a ranker fitted on all of `parts`, windows that each say whether it has anything to teach.

    `ranker` are weights over `features.NAMES` for raw features.
    """
    table = np.concatenate([part.table for part in parts])
    bought = np.concatenate([part.bought for part in parts])
    weight = np.concatenate([part.weight for part in parts])
    weight *= len(weight) / weight.sum()
    fitted = trees.fit(table, bought, weight, seed=seed) if len(table) >= TREED_FROM else trees.none()
    return {**none(), "ranker": linear(table, bought, weight), **fitted}


def linear(table: Float, bought: NDArray[np.bool_], weight: Double) -> Double:
    """Return weights for raw features; the order of their scores is that of the probabilities.

    Minimises sum of c log(1 + exp(-y x . w)) + r |w|^2 / 2 over standardised features, the intercept left free and
    then dropped.
    """
    middle = table.mean(axis=0, dtype=np.float64)
    spread = table.std(axis=0, dtype=np.float64)
    spread[spread < 1e-9] = np.inf
    table = ((table - middle.astype(np.float32)) / spread.astype(np.float32)).astype(np.float32)
    sign = np.where(bought, 1.0, -1.0).astype(np.float32)
    counts = weight.astype(np.float32)
    n = table.shape[1]

    def loss(weights: Double) -> tuple[float, Double]:
        margin = sign * (table @ weights[:n].astype(np.float32) + np.float32(weights[n]))
        pull = -sign * counts / (1.0 + np.exp(np.clip(margin, -30.0, 30.0)))
        value = float((counts * np.logaddexp(0.0, -margin)).sum(dtype=np.float64))
        slope = np.append((pull @ table).astype(np.float64), pull.sum(dtype=np.float64))
        slope[:n] += RIDGE * weights[:n]
        return value + RIDGE / 2 * float(weights[:n] @ weights[:n]), slope

    start = np.zeros(n + 1)
    share = float(np.clip(np.average(bought, weights=weight), 1e-6, 1 - 1e-6))
    start[n] = np.log(share / (1 - share))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    weights: Double = found.x[:n] / spread
    return weights
