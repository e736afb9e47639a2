"""The learned ranker: logistic regression over the features that serve, fitted on the shop's own last windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Double, Float
from django_personalize.recommend.features import rows
from django_personalize.training.split import Held, asked

RIDGE = 1.0
"""Strength of the pull of the standardised weights towards zero."""


def examples(held: Held, model: Model) -> tuple[Float, NDArray[np.bool_]]:
    """Return the features of every shopper's candidates and whether each was bought in the window."""
    tables, bought = [], []
    for one in asked(held, model):
        found = rows(model, one.person, allowed=one.allowed)
        tables.append(found.features)
        bought.append(np.isin(found.item, list(one.truth)))
    if not tables:
        return np.empty((0, 0), dtype=np.float32), np.empty(0, dtype=bool)
    return np.concatenate(tables), np.concatenate(bought)


def fit(parts: Sequence[tuple[Float, NDArray[np.bool_]]]) -> Double:
    """Return weights over `features.NAMES` for raw features; their order of scores is that of the probabilities.

    Minimises sum of log(1 + exp(-y x . w)) + r |w|^2 / 2 over standardised features, the intercept left free and then
    dropped.
    """
    table = np.concatenate([part[0] for part in parts])
    bought = np.concatenate([part[1] for part in parts])
    middle = table.mean(axis=0, dtype=np.float64)
    spread = table.std(axis=0, dtype=np.float64)
    spread[spread < 1e-9] = np.inf
    table = ((table - middle.astype(np.float32)) / spread.astype(np.float32)).astype(np.float32)
    sign = np.where(bought, 1.0, -1.0).astype(np.float32)
    n = table.shape[1]

    def loss(weights: Double) -> tuple[float, Double]:
        margin = sign * (table @ weights[:n].astype(np.float32) + np.float32(weights[n]))
        pull = -sign / (1.0 + np.exp(np.clip(margin, -30.0, 30.0)))
        value = float(np.logaddexp(0.0, -margin).sum(dtype=np.float64)) + RIDGE / 2 * float(weights[:n] @ weights[:n])
        slope = np.append((pull @ table).astype(np.float64), pull.sum(dtype=np.float64))
        slope[:n] += RIDGE * weights[:n]
        return value, slope

    start = np.zeros(n + 1)
    share = float(np.clip(bought.mean(), 1e-6, 1 - 1e-6))
    start[n] = np.log(share / (1 - share))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    weights: Double = found.x[:n] / spread
    return weights
