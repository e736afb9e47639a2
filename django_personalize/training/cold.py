"""Vectors for items that nobody has bought: a ridge regression of the learnt vectors on what the shop says of its
items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from django_personalize.core.arrays import Float
from django_personalize.training.catalogue import Catalogue

STRENGTH = 5.0
BANDS = 8
"""Price bands, of equal numbers of items."""
COMMON = 5
"""A category or brand takes part where at least this many items have it."""


def place(
    vectors: Float,
    biases: Float,
    warm: NDArray[np.int64],
    item_keys: Sequence[str],
    catalogue: Catalogue,
    prices: Float,
) -> tuple[Float, Float]:
    """Return vectors and biases in which every item outside `warm` that has facts is placed by them; the rest stay
    zero.

    An item without any known fact is left at zero rather than at the mean: nothing is known, nothing is claimed.
    """
    if len(warm) in (0, len(item_keys)):
        return vectors, biases
    facts = _facts(item_keys, catalogue, prices)
    known: NDArray[np.bool_] = np.diff(facts.indptr) > 0
    cold = np.ones(len(item_keys), dtype=bool)
    cold[warm] = False
    cold &= known
    learnt = warm[known[warm]]
    if not cold.any() or not len(learnt):
        return vectors, biases
    targets = np.column_stack([vectors[learnt], biases[learnt]]).astype(np.float64)
    middle = targets.mean(axis=0)
    given = facts[learnt]
    left = (given.T @ given).toarray() + STRENGTH * np.eye(given.shape[1])
    weights = np.linalg.solve(left, given.T @ (targets - middle))
    guessed = (facts[cold] @ weights + middle).astype(np.float32)
    vectors, biases = vectors.copy(), biases.copy()
    vectors[cold], biases[cold] = guessed[:, :-1], guessed[:, -1]
    return vectors, biases


def _facts(item_keys: Sequence[str], catalogue: Catalogue, prices: Float) -> Any:
    """Return items x facts as CSR of ones: categories, brands and price bands that are common enough."""
    columns: list[NDArray[Any]] = []
    size = 0
    for names in (catalogue.category, catalogue.brand):
        held = Counter(name for key in item_keys if (name := names.get(key, "")))
        common = {name: place for place, name in enumerate(sorted(n for n in held if held[n] >= COMMON), size)}
        columns.append(np.array([common.get(names.get(key, ""), -1) for key in item_keys]))
        size += len(common)
    known = np.isfinite(prices)
    if known.sum() >= BANDS * COMMON:
        edges = np.quantile(prices[known], np.linspace(0, 1, BANDS + 1)[1:-1])
        columns.append(np.where(known, size + np.searchsorted(edges, prices), -1))
        size += BANDS
    table = np.stack(columns, axis=1)
    item, sort = np.nonzero(table >= 0)
    return sparse.csr_array((np.ones(len(item)), (item, table[item, sort])), shape=(len(item_keys), size))
