"""What the ranker's score means: after this, the log odds that the person buys the item within a window's time.

The sum of two estimates of the same log odds is too sure of itself, and either knows only one shopper in proportion to
what the others bought. A line through it, fitted on a window that taught neither, puts both right and changes no order:
Platt (1999), Probabilistic Outputs for Support Vector Machines. What it says holds for people who come back and buy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Double
from django_personalize.recommend.features import rows
from django_personalize.recommend.generators import top
from django_personalize.recommend.personal import TREED, order_by
from django_personalize.training.ranker import Arrays
from django_personalize.training.split import Held, asked

MOST = 500
"""People who are asked, evenly spread over all."""


def calibrated(fitted: Arrays, held: Held, model: Model) -> Arrays:
    """Return `fitted`, the ranker's arrays, with weights and leaves stretched and the `offset` of the line; as they
    were where the line would not rise, as that of a ranker which knows nothing does not.

    `model` holds `fitted`, and ends where `held` begins.
    """
    score, bought = scores(held, model)
    if not bought.any() or bought.all():
        return fitted
    slope, offset = line(score, bought)
    if slope <= 0:
        return fitted
    return {
        **fitted,
        "ranker": fitted["ranker"] * slope,
        "tree_leaf": (fitted["tree_leaf"] * np.float32(slope)).astype(np.float32),
        "offset": np.array([offset]),
    }


def scores(held: Held, model: Model) -> tuple[Double, NDArray[np.bool_]]:
    """Return the scores of what the ranker puts first to each of `MOST` people, and whether they bought it."""
    said, bought = [np.empty(0)], [np.empty(0, dtype=bool)]
    step = max(1, -(-len(held.shoppers) // MOST))
    for place, one in enumerate(asked(held, model)):
        if place % step or one.person.unseen:
            continue
        stands = order_by(model, rows(model, one.person, allowed=one.allowed), "ranker")
        first = top(stands.score, TREED)
        said.append(stands.score[first].astype(np.float64))
        bought.append(np.isin(stands.item[first], list(one.truth)))
    return np.concatenate(said), np.concatenate(bought)


def line(score: Double, bought: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of the log odds of `bought` by `score`: the maximum of the likelihood."""
    sign = np.where(bought, 1.0, -1.0)

    def loss(at: Double) -> tuple[float, Double]:
        margin = sign * (at[0] * score + at[1])
        pull = -sign / (1.0 + np.exp(np.clip(margin, -30.0, 30.0)))
        return float(np.logaddexp(0.0, -margin).mean()), np.array([(pull * score).mean(), pull.mean()])

    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x.tolist()
    return slope, offset
