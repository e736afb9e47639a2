"""Boosted trees in numpy: the second half of the ranker, asked about the few that its linear half puts first.

Every tree is a complete binary tree of depth `DEPTH`, level by level from the root: node i has the children 2 i + 1
and 2 i + 2, and a feature at or below the threshold goes to the first. A branch that ended earlier asks about feature 0
with an infinite threshold and has its value in every leaf below.
"""

from __future__ import annotations

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int

DEPTH = 5
SPLITS = 2**DEPTH - 1
LEAVES = 2**DEPTH


def trees(model: Model, features: Float) -> Float:
    """Return for each row of `features` the sum of its leaves over all trees; zeros where there is no tree."""
    return leaves(features, model.tree_feature, model.tree_threshold, model.tree_leaf)


def leaves(features: Float, feature: Int, threshold: np.ndarray, leaf: Float) -> Float:
    """The same over arrays: (rows, features), (trees, splits), (trees, splits) and (trees, leaves)."""
    n_trees = len(feature)
    if not n_trees or not len(features):
        return np.zeros(len(features), dtype=np.float32)
    rows = (np.arange(len(features)) * features.shape[1])[:, None]
    first = (np.arange(n_trees) * SPLITS)[None, :]
    flat, asked, bound = np.ascontiguousarray(features).ravel(), feature.ravel().astype(np.intp), threshold.ravel()
    at = np.empty((len(features), n_trees), dtype=np.intp)
    at[:] = first
    right = np.empty(at.shape, dtype=bool)
    for _ in range(DEPTH):
        np.greater(flat.take(rows + asked.take(at)), bound.take(at), out=right)
        at *= 2  # the place in its tree is at - first, and 2 (at - first) + 1 + right is the next
        at += right
        at -= first - 1
    total: Float = leaf.ravel().take(at + (np.arange(n_trees) - SPLITS)[None, :]).sum(axis=1, dtype=np.float32)
    return total
