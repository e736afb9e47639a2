"""What is learnt, as arrays over the shop's items, and nothing else: no person, no basket, no order is in here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Float, Int
from django_personalize.exceptions import ArtifactError

SCHEMA_VERSION = 4
RUNGS = ("newest", "popular", "neighbours", "factors", "ranker")
"""The ladder, lowest first."""
ARRAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "item_keys": ("U", ("items",)),
    "categories": ("U", ("categories",)),
    "item_category": ("i4", ("items",)),
    "brands": ("U", ("brands",)),
    "item_brand": ("i4", ("items",)),
    "listed": ("?", ("items",)),
    "vectors": ("f4", ("items", "components")),
    "biases": ("f4", ("items",)),
    "als_vectors": ("f4", ("items", "als_components")),
    "near_index": ("i4", ("items", "near")),
    "near_weight": ("f4", ("items", "near")),
    "together_index": ("i4", ("items", "together")),
    "together_weight": ("f4", ("items", "together")),
    "lately_index": ("i4", ("items", "lately")),
    "lately_weight": ("f4", ("items", "lately")),
    "next_index": ("i4", ("items", "next")),
    "next_weight": ("f4", ("items", "next")),
    "content_index": ("i4", ("items", "content")),
    "content_weight": ("f4", ("items", "content")),
    "ease_index": ("i4", ("items", "ease")),
    "ease_weight": ("f4", ("items", "ease")),
    "popularity": ("f4", ("items", "half_lives")),
    "sold": ("f4", ("items", "windows")),
    "idle": ("f4", ("items",)),
    "age": ("f4", ("items",)),
    "price": ("f4", ("items",)),
    "repeat": ("f4", ("items",)),
    "basket": ("f4", ("items",)),
    "clicked": ("f4", ("items",)),
    "again": ("f4", ("categories",)),
    "blocks": ("U", ("blocks",)),
    "block_lift": ("f4", ("blocks",)),
    "rhythm": ("f4", ("categories",)),
    "words": ("U", ("words",)),
    "word_index": ("i4", ("words", "word_items")),
    "word_rarity": ("f4", ("words",)),
    "ranker": ("f8", ("features",)),
    "offset": ("f8", ("offsets",)),
    "tree_feature": ("i4", ("trees", "splits")),
    "tree_threshold": ("f8", ("trees", "splits")),
    "tree_leaf": ("f4", ("trees", "leaves")),
}
"""Every file of an artefact: its dtype (kind and size; text of any width) and the names of its dimensions."""
NAMES = frozenset(name for name, (dtype, _) in ARRAYS.items() if dtype == "U")

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tilt:
    """How far recent popularity leans towards what one person did, as `recommend.tilt` has it; zeros: not at all."""

    own: float = 0.0
    """The share of their wishes that goes to what they touched before, 0 to 1."""
    category: float = 0.0
    """How much more alike two lines of one basket are in category than two of different baskets, 0 to 1."""


LEVEL = Tilt()


@dataclass(frozen=True, slots=True, weakref_slot=True, kw_only=True, eq=False)
class Model:
    """The arrays of one published version, ready to be asked. Immutable; safe to share between threads."""

    number: int | None
    """The id of the `ModelVersion`; None for a model that only lives in memory."""
    as_of: float
    """Seconds since the epoch; nothing later was learnt from."""
    rungs: frozenset[str]
    """The rungs of the ladder that are switched on: what they learnt is used."""
    leading: frozenset[str] | None
    """The rungs that may order a personal row; None where these are the ones that are on."""
    fold: str
    """How a person becomes a vector: `mean`, `ridge` or `both` (see `recommend.fold_in`)."""
    manifest: Mapping[str, Any]
    item_keys: tuple[str, ...]
    """Sorted, so that the lower index is the lower key: ties broken by index are ties broken by key."""
    index: Mapping[str, int]
    categories: tuple[str, ...]
    item_category: Int
    """-1 where the shop names none."""
    brands: tuple[str, ...]
    item_brand: Int
    """-1 where the shop names none."""
    listed: NDArray[np.bool_]
    """False for items that the shop's catalogue no longer holds."""
    vectors: Float
    biases: Float
    gram: Float
    """(k, k): the vectors' transpose times the vectors."""
    als_vectors: Float
    """(items, k) of the alternating least squares; k is 0 where there are none."""
    als_gram: Float
    near_index: Int
    """(items, up to 100) nearest first; -1 pads. Tuned for what a person takes next."""
    near_weight: Float
    together_index: Int
    """The same, tuned for what goes into one basket, and without a pair that chance explains."""
    together_weight: Float
    lately_index: Int
    """The same between orders: what those who have the item take these days."""
    lately_weight: Float
    next_index: Int
    """The same within visits: what they go on to after the item. Of no width where nobody's browsing is known."""
    next_weight: Float
    content_index: Int
    """The same by words, category and brand, for items that never sold too."""
    content_weight: Float
    ease_index: Int
    """(items, up to 200) what each item says of others by a linear model over baskets, strongest first; -1 pads. Of no
    width where the catalogue is too large to invert.
    """
    ease_weight: Float
    """May be negative: bought instead of it, or explained by something else."""
    popularity: Float
    """(items, 3): baskets decayed with half-lives of 2, 7 and 60 days, per day of half-life so that columns compare."""
    sold: Float
    """(items, 3): lines sold in the last 7, 30 and 90 days."""
    idle: Float
    """Days since the last sale, never log-scaled; the longest that is known where an item never sold."""
    age: Float
    """Days since the shop has had the item."""
    price: Float
    """Median paid per unit; nan where unknown."""
    repeat: Float
    """The share of linked buyers who bought it again."""
    basket: Float
    """The mean logarithm of the number of lines of the baskets that held it in the last 30 days; 0 without any."""
    clicked: Float
    """How much more often than the mean it is clicked where it is seen, as a logarithm; 0 where nothing is known."""
    again: Float
    """(categories,) the share of linked buyers who took the same item again; nan where too few are known."""
    blocks: tuple[str, ...]
    """Names of the homepage's blocks that were seen of late, sorted."""
    block_lift: Float
    """(blocks,) how much more they were taken up than a block in their places usually is; 1 is as much."""
    rhythm: Float
    """(categories,) days until the same person takes the same item again, the median; nan where too little is known."""
    words: Mapping[str, int]
    """The words of the items' titles, with their places."""
    word_index: Int
    """(words, up to 100) the items that have the word in their title, those that sell best first; -1 pads."""
    word_rarity: Float
    """(words,) the logarithm of items by items with the word."""
    ranker: NDArray[np.float64]
    """Weights over `recommend.features.NAMES`; empty while no ranker is fitted."""
    offset: NDArray[np.float64]
    """(1,) what the ranker's score lacks to be log odds; empty where nothing was there to calibrate it by."""
    tree_feature: Int
    """(trees, 31): which feature each inner node asks about, level by level from the root; see `recommend.trees`."""
    tree_threshold: NDArray[np.float64]
    tree_leaf: Float
    """(trees, 32)"""

    @property
    def rung(self) -> str:
        """The highest rung that may order a personal row."""
        leading = self.rungs if self.leading is None else self.leading
        return next(rung for rung in reversed(RUNGS) if rung == "newest" or rung in leading)

    @property
    def tilt(self) -> Tilt:
        """How the rung `popular` leans towards a person; not at all where nothing was found out about it."""
        return Tilt(**self.manifest.get("tilt", {}))

    def indices(self, keys: Iterable[str]) -> list[int]:
        """Return the places of those keys that the model knows, in the order given."""
        index = self.index
        return [index[key] for key in keys if key in index]


def assemble(arrays: Arrays, manifest: Mapping[str, Any], *, number: int | None = None) -> Model:
    """Build the model over `arrays`; `ArtifactError` where one is absent or has not the shape that it should.

    `manifest` gives `as_of`, `rungs` (name to {on, leads, ...}; what is on leads unless it says otherwise) and `fold`.
    """
    check(arrays)
    item_keys = tuple(arrays["item_keys"].tolist())
    if any(left >= right for left, right in pairwise(item_keys)):
        raise ArtifactError("The item keys are not sorted and distinct; publish the model again.")
    rungs = manifest["rungs"]
    on = frozenset(name for name, rung in rungs.items() if rung["on"])
    leading = frozenset(name for name, rung in rungs.items() if rung.get("leads", rung["on"]))
    vectors = arrays["vectors"]
    plain = {name: array for name, array in arrays.items() if name not in NAMES}
    return Model(
        number=number,
        as_of=float(manifest["as_of"]),
        rungs=on,
        leading=leading if leading != on else None,
        fold=str(manifest["fold"]),
        manifest=manifest,
        item_keys=item_keys,
        index={key: place for place, key in enumerate(item_keys)},
        categories=tuple(arrays["categories"].tolist()),
        brands=tuple(arrays["brands"].tolist()),
        blocks=tuple(arrays["blocks"].tolist()),
        words={word: place for place, word in enumerate(arrays["words"].tolist())},
        gram=vectors.T @ vectors,
        als_gram=arrays["als_vectors"].T @ arrays["als_vectors"],
        **plain,
    )


@cache
def nothing() -> Model:
    """Return the model that knows nothing, which stands in where none is live."""
    sizes = {"half_lives": 3, "windows": 3}
    arrays = {
        name: np.empty([sizes.get(each, 0) for each in dimensions], dtype="U1" if dtype == "U" else dtype)
        for name, (dtype, dimensions) in ARRAYS.items()
    }
    return assemble(arrays, {"as_of": 0.0, "rungs": {}, "fold": "mean"})


def check(arrays: Arrays) -> None:
    """Raise `ArtifactError` unless exactly the arrays of `ARRAYS` are there, with equal sizes per dimension."""
    if set(arrays) != set(ARRAYS):
        wrong = sorted(set(arrays) ^ set(ARRAYS))
        raise ArtifactError(f"The artefact's arrays differ from what this version reads: {', '.join(wrong)}.")
    sizes: dict[str, int] = {}
    for name, (dtype, dimensions) in ARRAYS.items():
        array = arrays[name]
        fits = array.dtype.kind == "U" if dtype == "U" else array.dtype == np.dtype(dtype)
        if not fits or array.ndim != len(dimensions):
            raise ArtifactError(f"Array {name!r} is {array.dtype}{array.shape}; wanted {dtype} over {dimensions}.")
        for dimension, size in zip(dimensions, array.shape, strict=True):
            if sizes.setdefault(dimension, size) != size:
                raise ArtifactError(f"Array {name!r} has {size} {dimension}; others have {sizes[dimension]}.")
