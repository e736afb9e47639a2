"""EASE: the linear model over baskets in closed form, while the catalogue is small enough to invert.

    B = argmin |X - X B|^2 + lambda |B|^2 with a diagonal of zeros = -P / diag(P) off the diagonal,
    P = (X' W X + lambda I)^-1

Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data, arXiv:1905.03257, here with the baskets weighed by
size and age (W) as the neighbours are. What a basket says of item j is the sum of B[i, j] over the items i that it
holds. Unlike the neighbours' weights these know what the others of the basket have said already, and may be negative.

Memory: one items x items float32 array, inverted where it stands, and blocks of it on the way: 5 items^2 bytes.
Time: items^3 multiplications.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from django_personalize.core.arrays import Float, Int, Purchases
from django_personalize.training.baskets import blocks, matrix, worth

KEPT = 200
GAMMA = 0.5
HALF_LIFE = 90.0
RIDGE = 3.0
"""In baskets of one line bought today; tuned on a validation window, see docs/learning.md."""
STEEPEST = 1e-5
"""The ridge is at least this share of the heaviest item, so that float32 can invert."""
BYTES = 5
"""Per pair of items."""
ROWS = 256


def ease(purchases: Purchases, *, memory: int, kept: int = KEPT) -> tuple[Int, Float]:
    """Return (items, kept) places and weights of what each item says of others, strongest first, whatever their sign;
    -1 and 0 pad. Of no width where the inversion would take more than `memory` bytes.
    """
    n_items = len(purchases.item_keys)
    if not n_items or BYTES * n_items**2 > memory:
        return np.empty((n_items, 0), dtype=np.int32), np.empty((n_items, 0), dtype=np.float32)
    inverse = _inverted(_gram(purchases))
    scale = np.float32(-1.0) / np.diagonal(inverse)
    width = min(kept, n_items)
    index = np.full((n_items, kept), -1, dtype=np.int32)
    weight = np.zeros((n_items, kept), dtype=np.float32)
    for start in range(0, n_items, ROWS):
        said = inverse[start : start + ROWS] * scale
        rows = np.arange(len(said))
        said[rows, start + rows] = 0.0
        best = np.argpartition(-np.abs(said), width - 1, axis=1)[:, :width]
        order = np.lexsort((best, -np.abs(np.take_along_axis(said, best, axis=1))), axis=1)
        best = np.take_along_axis(best, order, axis=1)
        chosen = np.take_along_axis(said, best, axis=1)
        index[start + rows, :width] = np.where(chosen != 0.0, best, -1)
        weight[start + rows, :width] = chosen
    return index, weight


def _gram(purchases: Purchases) -> Float:
    """Return X' W X + lambda I, in the column order that LAPACK works on in place."""
    baskets, age = matrix(purchases)
    weighed = sparse.diags_array(worth(baskets, age, GAMMA, HALF_LIFE)) @ baskets
    turned = baskets.T.tocsr()
    n_items = baskets.shape[1]
    gram: Float = np.empty((n_items, n_items), dtype=np.float32, order="F")
    for first, last in blocks(baskets):
        for start in range(first, last, ROWS):
            stop = min(start + ROWS, last)
            gram[:, start:stop] = (turned[start:stop] @ weighed).toarray().T
    diagonal = np.diagonal(gram)
    np.fill_diagonal(gram, diagonal + max(RIDGE, STEEPEST * float(diagonal.max())))
    return gram


def _inverted(gram: Float) -> Float:
    """Return the inverse of `gram`, symmetric and positive definite, in the same memory."""
    factored, failed = linalg.lapack.spotrf(gram, lower=1, overwrite_a=1)
    inverse, singular = linalg.lapack.spotri(factored, lower=1, overwrite_c=1)
    if failed or singular:
        raise linalg.LinAlgError(
            f'The baskets\' {len(gram)} x {len(gram)} matrix could not be inverted. Set PERSONALIZE["EASE_BYTES"] to 0 '
            "to learn without it."
        )
    for start in range(0, len(gram), ROWS):  # only the lower triangle was worked out
        stop = start + ROWS
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
        corner = np.tril(inverse[start:stop, start:stop])
        inverse[start:stop, start:stop] = corner + np.tril(corner, -1).T
    found: Float = inverse
    return found
