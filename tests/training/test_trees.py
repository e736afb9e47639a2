from __future__ import annotations

import sys

import numpy as np
import pytest

from django_personalize.recommend.trees import LEAVES, SPLITS, leaves
from django_personalize.training import trees


def taught():
    chance = np.random.default_rng(0)
    table = chance.normal(size=(4_000, 4)).astype(np.float32)
    return table, (table[:, 0] > 0) ^ (table[:, 1] > 0)


def test_what_is_written_down_scores_as_what_was_fitted():
    pytest.importorskip("sklearn")
    table, bought = taught()
    found = trees.fit(table, bought, np.ones(len(table)), seed=0)
    score = leaves(table, found["tree_feature"], found["tree_threshold"], found["tree_leaf"])
    assert ((score > 0) == bought).mean() > 0.97
    assert found["tree_leaf"].shape == (trees.ROUNDS, LEAVES)


def test_equal_rows_and_seed_give_equal_bytes():
    pytest.importorskip("sklearn")
    table, bought = taught()
    first, second = (trees.fit(table, bought, np.ones(len(table)), seed=1) for _ in range(2))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_a_branch_that_ends_early_has_its_value_in_every_leaf_below():
    nodes = np.array(
        [(0.0, 1, 0.5, 1, 2, False), (-1.0, 0, 0.0, 0, 0, True), (2.0, 0, 0.0, 0, 0, True)],
        dtype=[("value", "f8"), ("feature_idx", "i4"), ("num_threshold", "f8"), ("left", "i4"), ("right", "i4"),
               ("is_leaf", "?")],
    )  # fmt: skip
    feature, threshold, leaf = (np.array([each]) for each in trees._written(nodes))
    rows = np.array([[9, 0.5], [9, 0.6]], dtype=np.float32)
    assert leaves(rows, feature, threshold, leaf.astype(np.float32)).tolist() == [-1.0, 2.0]
    assert (feature.shape, leaf.shape) == ((1, SPLITS), (1, LEAVES))


def test_trees_that_were_written_down_wrongly_are_refused():
    pytest.importorskip("sklearn")

    class Other:
        def decision_function(self, rows):
            return np.arange(len(rows), dtype=float)

    with pytest.raises(RuntimeError, match="differ by up to 1 from scikit-learn's own"):
        trees._check(Other(), trees.none(), np.zeros((2, 1), dtype=np.float32))


def test_without_scikit_learn_there_are_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    table, bought = taught()
    assert trees.fit(table, bought, np.ones(len(table)), seed=0)["tree_leaf"].shape == (0, LEAVES)
