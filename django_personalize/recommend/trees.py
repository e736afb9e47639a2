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
    node = np.zeros((len(features), n_trees), dtype=np.int64)
    flat, asked, bound = np.ascontiguousarray(features).ravel(), feature.ravel(), threshold.ravel()
    for _ in range(DEPTH):
        at = first + node
        right = flat[rows + asked[at]] > bound[at]
        node = 2 * node + 1 + right
    place = (np.arange(n_trees) * LEAVES)[None, :] + node - SPLITS
    total: Float = leaf.ravel()[place].sum(axis=1, dtype=np.float32)
    return total
