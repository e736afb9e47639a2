"""From purchases, catalogue and factors to the arrays of one model, without reading anything from after the cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Factors, Float, Int, Purchases
from django_personalize.training import cold, popularity
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.neighbours import NEAR, TOGETHER, neighbours

DAY = 86_400.0


def learn(purchases: Purchases, catalogue: Catalogue, factors: Factors | None) -> dict[str, NDArray[Any]]:
    """Return the arrays of `artifacts.model.ARRAYS`, the ranker still empty.

    The items are those ever sold and those in the catalogue; `factors` rows follow `purchases.item_keys`.
    """
    item_keys = sorted({*purchases.item_keys, *catalogue.category})
    index = {key: place for place, key in enumerate(item_keys)}
    n = len(item_keys)
    places = np.array([index[key] for key in purchases.item_keys], dtype=np.int64)
    item = places[purchases.item].astype(np.int32) if len(purchases) else purchases.item
    age = (purchases.as_of - purchases.time) / DAY
    categories = sorted({name for name in catalogue.category.values() if name})
    category_place = {name: place for place, name in enumerate(categories)}
    prices = popularity.price(purchases, places, n)
    sold = popularity.sold(item, age, n)
    near_index, near_weight = _spread(neighbours(purchases, NEAR), places, n)
    together_index, together_weight = _spread(neighbours(purchases, TOGETHER), places, n)
    vectors = np.zeros((n, 0 if factors is None else factors.vectors.shape[1]), dtype=np.float32)
    biases = np.zeros(n, dtype=np.float32)
    if factors is not None:
        vectors[places], biases[places] = factors.vectors, factors.biases
        vectors, biases = cold.place(vectors, biases, places, item_keys, catalogue, prices)
    return {
        "item_keys": np.array(item_keys, dtype=np.str_) if n else np.empty(0, dtype="U1"),
        "categories": np.array(categories, dtype=np.str_) if categories else np.empty(0, dtype="U1"),
        "item_category": np.array(
            [category_place.get(catalogue.category.get(key, ""), -1) for key in item_keys], dtype=np.int32
        ),
        "listed": np.array([not catalogue.category or key in catalogue.category for key in item_keys], dtype=bool),
        "vectors": vectors,
        "biases": biases,
        "near_index": near_index,
        "near_weight": near_weight,
        "together_index": together_index,
        "together_weight": together_weight,
        "popularity": popularity.popularity(item, age, n),
        "sold": sold,
        "idle": popularity.idle(item, age, n),
        "age": _age(purchases, catalogue, item_keys, places),
        "price": prices,
        "ranker": np.empty(0, dtype=np.float64),
    }


def _spread(table: tuple[Int, Float], places: NDArray[np.int64], n: int) -> tuple[Int, Float]:
    """Return a neighbour table over sold items as one over all items of the model."""
    index, weight = table
    spread_index = np.full((n, index.shape[1]), -1, dtype=np.int32)
    spread_weight = np.zeros((n, index.shape[1]), dtype=np.float32)
    if len(places):
        spread_index[places] = np.where(index >= 0, places[np.maximum(index, 0)], -1)
        spread_weight[places] = weight
    return spread_index, spread_weight


def _age(
    purchases: Purchases, catalogue: Catalogue, item_keys: list[str], places: NDArray[np.int64]
) -> Float:
    """Return days since the shop has had each item: since its date in the catalogue or its first sale, whichever is earlier."""
    since = np.full(len(item_keys), np.inf)
    since[places] = popularity.first_seen(purchases)
    dated = np.array([catalogue.created.get(key, np.inf) for key in item_keys])
    since = np.minimum(since, dated)
    since = np.where(np.isfinite(since), since, purchases.as_of)
    return (np.maximum(purchases.as_of - since, 0.0) / DAY).astype(np.float32)


