"""Boosted trees over the ranker's features, fitted by scikit-learn and written down as plain arrays.

scikit-learn arrives with LightFM; without it the ranker is its linear half alone.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Double, Float
from django_personalize.recommend.trees import DEPTH, LEAVES, SPLITS, leaves

ROUNDS = 200
RATE = 0.05
SMALLEST_LEAF = 200
RIDGE = 10.0
Arrays = dict[str, NDArray[Any]]


def none() -> Arrays:
    """Return the arrays of no tree at all."""
    return {
        "tree_feature": np.empty((0, SPLITS), dtype=np.int32),
        "tree_threshold": np.empty((0, SPLITS), dtype=np.float64),
        "tree_leaf": np.empty((0, LEAVES), dtype=np.float32),
    }


def fit(table: Float, bought: NDArray[np.bool_], weight: Double, *, seed: int) -> Arrays:
    """Return gradient boosted trees of the log odds of `bought`, as `recommend.trees` reads them; none without
    scikit-learn.

    Friedman (2001), Greedy Function Approximation: A Gradient Boosting Machine, by histograms (scikit-learn's
    HistGradientBoostingClassifier). Raises `RuntimeError` where what was written down does not say what was fitted:
    then this scikit-learn keeps its trees otherwise.
    """
    try:
        ensemble = importlib.import_module("sklearn.ensemble")
    except ImportError:
        return none()
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_depth=DEPTH,
        max_leaf_nodes=LEAVES // 2,
        min_samples_leaf=SMALLEST_LEAF,
        l2_regularization=RIDGE,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(table, bought, sample_weight=weight)
    written = [_written(predictor.nodes) for (predictor,) in model._predictors]
    arrays: Arrays = {
        "tree_feature": np.array([tree[0] for tree in written], dtype=np.int32).reshape(-1, SPLITS),
        "tree_threshold": np.array([tree[1] for tree in written], dtype=np.float64).reshape(-1, SPLITS),
        "tree_leaf": np.array([tree[2] for tree in written], dtype=np.float32).reshape(-1, LEAVES),
    }
    _check(model, arrays, table[:: max(1, len(table) // 1_000)])
    return arrays


def _written(nodes: Any) -> tuple[list[int], list[float], list[float]]:
    """Return one tree as a complete one: features and thresholds of its inner nodes, values of its leaves."""
    feature, threshold, leaf = [0] * SPLITS, [np.inf] * SPLITS, [0.0] * LEAVES

    def put(node: int, place: int) -> None:
        one = nodes[node]
        if place >= SPLITS:
            leaf[place - SPLITS] = float(one["value"])
        elif one["is_leaf"]:
            put(node, 2 * place + 1)
            put(node, 2 * place + 2)
        else:
            feature[place], threshold[place] = int(one["feature_idx"]), float(one["num_threshold"])
            put(int(one["left"]), 2 * place + 1)
            put(int(one["right"]), 2 * place + 2)

    put(0, 0)
    return feature, threshold, leaf


def _check(model: Any, arrays: Arrays, some: Float) -> None:
    told = leaves(some, arrays["tree_feature"], arrays["tree_threshold"], arrays["tree_leaf"])
    gap = model.decision_function(some) - told
    if np.ptp(gap) > 1e-3:
        raise RuntimeError(
            f"The trees were written down wrongly: scores differ by up to {np.ptp(gap):.3g} from scikit-learn's own, "
            "which keeps its trees otherwise than we read them. Tell us its version; without scikit-learn the ranker "
            "is its linear half alone."
        )
