"""How good an ordered list is against what was bought afterwards. Binary relevance, macro average over people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from django_personalize.core.arrays import Double

K = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The mean over people of one model's lists."""

    hit_rate: float
    """Share of people with at least one hit among the first 10."""
    ndcg: float
    recall: float
    coverage: float
    """Share of the catalogue that appeared in anybody's first 10."""
    people: int


def hit(shown: Sequence[int], bought: Collection[int], k: int = K) -> float:
    """Return 1 where any of the first `k` was bought, else 0."""
    return float(any(item in bought for item in shown[:k]))


def recall(shown: Sequence[int], bought: Collection[int], k: int = K) -> float:
    """Return hits among the first `k` over everything bought."""
    return sum(item in bought for item in shown[:k]) / len(bought)


def ndcg(shown: Sequence[int], bought: Collection[int], k: int = K) -> float:
    """Return the discounted gain of the first `k` over that of the best list, which holds min(k, bought) hits."""
    gain = sum(1.0 / np.log2(place + 2.0) for place, item in enumerate(shown[:k]) if item in bought)
    best = sum(1.0 / np.log2(place + 2.0) for place in range(min(k, len(bought))))
    return float(gain / best)


def per_person(lists: Sequence[Sequence[int]], truths: Sequence[Collection[int]]) -> Double:
    """Return each person's NDCG of lists against truths (each non-empty), in equal order."""
    return np.array([ndcg(shown, truth) for shown, truth in zip(lists, truths, strict=True)], dtype=np.float64)


def score(lists: Sequence[Sequence[int]], truths: Sequence[Collection[int]], n_items: int, k: int = K) -> Score:
    """Return the macro average of lists against truths (each non-empty), in equal order."""
    pairs = list(zip(lists, truths, strict=True))
    if not pairs:
        return Score(hit_rate=0.0, ndcg=0.0, recall=0.0, coverage=0.0, people=0)
    shown = {item for items in lists for item in items[:k]}
    return Score(
        hit_rate=float(np.mean([hit(items, truth, k) for items, truth in pairs])),
        ndcg=float(np.mean([ndcg(items, truth, k) for items, truth in pairs])),
        recall=float(np.mean([recall(items, truth, k) for items, truth in pairs])),
        coverage=len(shown) / max(n_items, 1),
        people=len(pairs),
    )
