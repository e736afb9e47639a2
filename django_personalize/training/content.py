"""Which items are alike by what the shop says of them: words of the title, category and brand. Needs no sale at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from django_personalize.core.arrays import Float, Int
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.neighbours import strongest

KEPT = 100
SHORTEST = 3
RARE = 2
"""A word of fewer items connects nothing."""
COMMON = 0.2
"""A word of a larger share of the items tells nothing apart, and would pair each of them with each other."""
AT_ONCE = 1_000
_WORD = re.compile(r"[^\W\d_]+")


def content(item_keys: Sequence[str], catalogue: Catalogue, *, kept: int = KEPT) -> tuple[Int, Float]:
    """Return (items, kept) places and cosines of tf-idf vectors, nearest first, ties by place; -1 and 0 pad.

    A cosine counts words by log(items / items with the word), each word of an item once.
    """
    n_items = len(item_keys)
    index = np.full((n_items, kept), -1, dtype=np.int32)
    weight = np.zeros((n_items, kept), dtype=np.float32)
    words = [_words(key, catalogue) for key in item_keys]
    held = Counter(word for mine in words for word in mine)
    most = max(COMMON * n_items, RARE)
    places = {word: place for place, word in enumerate(sorted(w for w, n in held.items() if RARE <= n <= most))}
    if not places:
        return index, weight
    row = np.array([item for item, mine in enumerate(words) for word in mine if word in places], dtype=np.int32)
    column = np.array([places[word] for mine in words for word in sorted(mine) if word in places], dtype=np.int32)
    rarity = np.log(n_items / np.bincount(column, minlength=len(places)))
    table = sparse.csr_array((rarity[column], (row, column)), shape=(n_items, len(places)))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    table = (sparse.diags_array(1.0 / np.maximum(lengths, 1e-12)) @ table).tocsr()
    turned = table.T.tocsr()
    for start in range(0, n_items, AT_ONCE):
        near = (table[start : start + AT_ONCE] @ turned).tocsr()
        for at in range(near.shape[0]):
            span = slice(near.indptr[at], near.indptr[at + 1])
            other = near.indices[span]
            real = other != start + at
            strongest(index[start + at], weight[start + at], other[real], near.data[span][real])
    return index, weight


def _words(key: str, catalogue: Catalogue) -> set[str]:
    """Return the words that tell of an item; a category and a brand are one word each, unlike any of a title."""
    title = catalogue.title.get(key, "").casefold()
    words = {word for word in _WORD.findall(title) if len(word) >= SHORTEST}
    for sort, name in (("category", catalogue.category.get(key, "")), ("brand", catalogue.brand.get(key, ""))):
        if name:
            words.add(f"{sort} {name}")
    return words
