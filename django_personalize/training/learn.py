"""From purchases, catalogue and factors to the arrays of one model, without reading anything from after the cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.conf import settings
from django_personalize.core.arrays import DAY, Factors, Float, Int, Purchases
from django_personalize.training import als, blocks, browsing, cold, feedback, popularity, ranker
from django_personalize.training.browsing import Browsing
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.clicks import clicks
from django_personalize.training.content import content
from django_personalize.training.ease import ease
from django_personalize.training.factors import interactions
from django_personalize.training.feedback import Feedback
from django_personalize.training.lately import lately
from django_personalize.training.neighbours import NEAR, TOGETHER, neighbours
from django_personalize.training.sequence import sequence
from django_personalize.training.words import words


def learn(
    purchases: Purchases,
    catalogue: Catalogue,
    looked: Browsing | None = None,
    shown: Feedback | None = None,
    *,
    together: bool = True,
) -> dict[str, NDArray[Any]]:
    """Return the arrays of `artifacts.model.ARRAYS`, with neither factors nor ranker, nor what blocks are worth, yet.

    The items are those ever sold and those in the catalogue. Who is linked to whom makes no difference here.
    What was `looked` at of other items says nothing. Of what was `shown` what was known at `purchases.as_of` counts.
    `together` may be left out (all padding) where only held-out time is measured.
    """
    item_keys = sorted({*purchases.item_keys, *catalogue.category})
    index = {key: place for place, key in enumerate(item_keys)}
    n = len(item_keys)
    places = np.array([index[key] for key in purchases.item_keys], dtype=np.int64)
    item = places[purchases.item].astype(np.int32)
    age = (purchases.as_of - purchases.time) / DAY
    categories, item_category = _named(item_keys, catalogue.category)
    brands, item_brand = _named(item_keys, catalogue.brand)
    near_index, near_weight = _spread(neighbours(purchases, NEAR), places, n)
    pairs = neighbours(purchases, TOGETHER) if together else (near_index[:0, :0], near_weight[:0, :0])
    lately_index, lately_weight = _spread(lately(purchases), places, n)
    visited = browsing.among(browsing.nothing() if looked is None else looked, index)
    next_places = np.array([index[key] for key in visited.item_keys], dtype=np.int64)
    next_index, next_weight = _spread(sequence(visited), next_places, n)
    content_index, content_weight = content(item_keys, catalogue)
    together_index, together_weight = _spread(pairs, places if together else places[:0], n)
    ease_index, ease_weight = _spread(ease(purchases, memory=settings.EASE_BYTES), places, n)
    selling = popularity.popularity(item, age, n)
    return {
        "item_keys": np.array(item_keys, dtype=np.str_) if n else np.empty(0, dtype="U1"),
        "categories": categories,
        "item_category": item_category,
        "brands": brands,
        "item_brand": item_brand,
        "listed": np.array([not catalogue.category or key in catalogue.category for key in item_keys], dtype=bool),
        "vectors": np.zeros((n, 0), dtype=np.float32),
        "biases": np.zeros(n, dtype=np.float32),
        "als_vectors": np.zeros((n, 0), dtype=np.float32),
        "near_index": near_index,
        "near_weight": near_weight,
        "together_index": together_index,
        "together_weight": together_weight,
        "lately_index": lately_index,
        "lately_weight": lately_weight,
        "next_index": next_index,
        "next_weight": next_weight,
        "content_index": content_index,
        "content_weight": content_weight,
        "ease_index": ease_index,
        "ease_weight": ease_weight,
        "popularity": selling,
        "sold": popularity.sold(item, age, n),
        "idle": popularity.idle(item, age, n),
        "age": _age(purchases, catalogue, item_keys, places),
        "price": popularity.price(purchases, places, n),
        "repeat": popularity.repeat(purchases, places, n),
        "basket": popularity.basket(purchases, places, n),
        "clicked": clicks(feedback.nothing() if shown is None else shown, purchases.as_of, index),
        "again": popularity.again(purchases, item_category[places], len(categories)),
        **blocks.none(),
        "rhythm": popularity.rhythm(purchases, item_category[places], len(categories)),
        **words(item_keys, catalogue, selling[:, 1]),
        **ranker.none(),
    }


def _named(item_keys: list[str], of_item: dict[str, str]) -> tuple[NDArray[np.str_], Int]:
    """Return the categories, or the brands, sorted, and the place of each item's; -1 for none."""
    names = sorted({name for name in of_item.values() if name})
    place_of = {name: place for place, name in enumerate(names)}
    places = np.array([place_of.get(of_item.get(key, ""), -1) for key in item_keys], dtype=np.int32)
    return (np.array(names, dtype=np.str_) if names else np.empty(0, dtype="U1")), places


def with_als(arrays: dict[str, NDArray[Any]], purchases: Purchases, *, seed: int) -> dict[str, NDArray[Any]]:
    """Return `arrays` with vectors by alternating least squares; an item that nobody bought stays at zero."""
    n = len(arrays["item_keys"])
    learnt = als.fit(interactions(purchases), seed=seed)
    vectors = np.zeros((n, learnt.shape[1]), dtype=np.float32)
    vectors[_places(arrays, purchases)] = learnt
    return {**arrays, "als_vectors": vectors}


def _places(arrays: dict[str, NDArray[Any]], purchases: Purchases) -> NDArray[np.int64]:
    index = {key: place for place, key in enumerate(arrays["item_keys"].tolist())}
    return np.array([index[key] for key in purchases.item_keys], dtype=np.int64)


def with_factors(
    arrays: dict[str, NDArray[Any]], purchases: Purchases, catalogue: Catalogue, factors: Factors
) -> dict[str, NDArray[Any]]:
    """Return `arrays` with the vectors and biases of `factors`, whose rows follow `purchases.item_keys`.

    An item that nobody bought is placed by its facts (`cold.place`).
    """
    item_keys = arrays["item_keys"].tolist()
    places = _places(arrays, purchases)
    vectors = np.zeros((len(item_keys), factors.vectors.shape[1]), dtype=np.float32)
    biases = np.zeros(len(item_keys), dtype=np.float32)
    vectors[places], biases[places] = factors.vectors, factors.biases
    vectors, biases = cold.place(vectors, biases, places, item_keys, catalogue, arrays["price"])
    return {**arrays, "vectors": vectors, "biases": biases}


def _spread(table: tuple[Int, Float], places: NDArray[np.int64], n: int) -> tuple[Int, Float]:
    """Return a neighbour table over some items, at `places`, as one over all items of the model."""
    index, weight = table
    spread_index = np.full((n, index.shape[1]), -1, dtype=np.int32)
    spread_weight = np.zeros((n, index.shape[1]), dtype=np.float32)
    if len(places):
        spread_index[places] = np.where(index >= 0, places[np.maximum(index, 0)], -1)
        spread_weight[places] = weight
    return spread_index, spread_weight


def _age(purchases: Purchases, catalogue: Catalogue, item_keys: list[str], places: NDArray[np.int64]) -> Float:
    """Return days since the shop has had each item: since its date in the catalogue or its first sale, whichever is
    earlier.
    """
    since = np.full(len(item_keys), np.inf)
    since[places] = popularity.first_seen(purchases)
    dated = np.array([catalogue.created.get(key, np.inf) for key in item_keys])
    since = np.minimum(since, dated)
    since = np.where(np.isfinite(since), since, purchases.as_of)
    return (np.maximum(purchases.as_of - since, 0.0) / DAY).astype(np.float32)
