"""LightFM as a trainer of item vectors (WARP loss, identity features, recency as sample weights).

Kula, M. (2015), Metadata Embeddings for User and Item Cold-start Recommendations, arXiv:1507.08439; WARP: Weston,
Bengio and Usunier (2011), WSABIE. Depth 200 instead of LightFM's default 10 is what makes it worth running on a
shop's orders.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.exceptions import TrainerUnavailable

COMPONENTS = 64
MAX_SAMPLED = 200
MANY = 2_000_000
"""Interactions up to which a fit takes all of its epochs."""
FEWEST = 5
INSTALL = 'LightFM is not installed, so no factors are learnt. To add it: pip install "django-personalize[lightfm]"'


class LightFMTrainer:
    """The default trainer. One thread and a seed give equal bytes; more threads are faster and do not."""

    name = "lightfm"
    learning_rate = 0.05
    epochs = 20

    def fit(
        self,
        interactions: Interactions,
        *,
        seed: int,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Factors:
        """Return the item half of `learn`."""
        model = self.learn(interactions, seed=seed, threads=threads, progress=progress)
        return Factors(
            vectors=np.ascontiguousarray(model.item_embeddings, dtype=np.float32),
            biases=np.ascontiguousarray(model.item_biases, dtype=np.float32),
        )

    def learn(
        self,
        interactions: Interactions,
        *,
        seed: int,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Any:
        """Return the fitted `lightfm.LightFM`, users and all. It stays in this process and is never stored."""
        try:
            package = importlib.import_module("lightfm")
        except ImportError as error:
            raise TrainerUnavailable(INSTALL) from error
        matrix, weights = matrices(interactions)
        epochs = self.epochs_for(len(interactions))
        model = package.LightFM(
            no_components=COMPONENTS,
            loss="warp",
            max_sampled=MAX_SAMPLED,
            learning_rate=self.learning_rate,
            random_state=seed,
        )
        for epoch in range(epochs):
            model.fit_partial(matrix, sample_weight=weights, epochs=1, num_threads=threads)
            if progress is not None:
                progress(epoch + 1, epochs)
        return model

    def epochs_for(self, entries: int) -> int:
        """Return the epochs for so many interactions: beyond `MANY` fewer, so that the visits stay about as many, and
        never fewer than `FEWEST`. How far an epoch looks for a violation stays: it is worth more than one epoch more.
        """
        if entries <= MANY:
            return self.epochs
        return min(self.epochs, max(self.epochs * MANY // entries, FEWEST))


def matrices(interactions: Interactions) -> tuple[Any, Any]:
    """Return the binary matrix and its float32 weights as COO with the same entries in the same order, as LightFM
    demands.
    """
    sparse = importlib.import_module("scipy.sparse")
    shape = (interactions.n_users, interactions.n_items)
    places = (interactions.user, interactions.item)
    matrix = sparse.coo_matrix((np.ones(len(interactions), dtype=np.float32), places), shape=shape)
    weights = sparse.coo_matrix((interactions.weight.astype(np.float32), places), shape=shape)
    return matrix, weights
