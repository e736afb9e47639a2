"""Which items have which word in their title, so that a search of somebody's can be answered from the model alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Float
from django_personalize.core.text import words_of
from django_personalize.training.catalogue import Catalogue

KEPT = 100


def words(item_keys: Sequence[str], catalogue: Catalogue, selling: Float) -> dict[str, NDArray[Any]]:
    """Return `words` (sorted), `word_index` (words, up to `KEPT`) with the places of the items that have it, those that
    sell best first, ties by place, -1 pads, and `word_rarity`, log(items / items with the word).
    """
    held: dict[str, list[int]] = {}
    for place, key in enumerate(item_keys):
        for word in words_of(catalogue.title.get(key, "")):
            held.setdefault(word, []).append(place)
    names = sorted(held)
    width = min(max((len(places) for places in held.values()), default=0), KEPT)
    index = np.full((len(names), width), -1, dtype=np.int32)
    for row, word in enumerate(names):
        places = np.array(held[word], dtype=np.int32)
        best = places[np.lexsort((places, -selling[places]))][:KEPT]
        index[row, : len(best)] = best
    rarity = np.log(max(len(item_keys), 1) / np.array([len(held[word]) for word in names] or [1]))
    return {
        "words": np.array(names, dtype=np.str_) if names else np.empty(0, dtype="U1"),
        "word_index": index,
        "word_rarity": rarity[: len(names)].astype(np.float32),
    }
