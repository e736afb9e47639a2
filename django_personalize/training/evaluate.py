"""How good one way of ordering is on time that it has not seen, by the very code that serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import LEVEL, Model, Tilt, assemble
from django_personalize.core.arrays import Float
from django_personalize.recommend.features import rows
from django_personalize.recommend.fold_in import FOLDS
from django_personalize.recommend.generators import top
from django_personalize.recommend.personal import order_by
from django_personalize.recommend.profile import Profile
from django_personalize.training import split
from django_personalize.training.metrics import K, Score, score
from django_personalize.training.split import Held

FOLD = "both"
"""How a person is folded in where there is nobody to choose by."""
PLAIN = "recent popularity"
"""What every rung is held against in the end: what sells, to everybody the same."""


def in_memory(
    arrays: Mapping[str, NDArray[Any]], as_of: float, rungs: Iterable[str], fold: str = FOLD, tilt: Tilt = LEVEL
) -> Model:
    """Return a model that is not published, for measuring."""
    rung = {name: {"on": True} for name in rungs}
    return assemble(arrays, {"as_of": as_of, "fold": fold, "rungs": rung, "tilt": asdict(tilt)})


def measure(held: Held, model: Model, scorer: Callable[[Model, Profile], Float], *, positive: bool = False) -> Score:
    """Return how well one scoring of all items does."""
    lists, truths = [], []
    for one in split.asked(held, model):
        shown = model.listed if one.allowed is None else model.listed & one.allowed
        best = top(np.where(shown, scorer(model, one.person), -np.inf), K, positive=positive)
        lists.append(best.tolist())
        truths.append(one.truth)
    return score(lists, truths, len(model.item_keys))


def measure_rungs(held: Held, model: Model, rungs: Sequence[str]) -> dict[str, Score]:
    """Return how well the personal row does on each rung."""
    lists, truths = personal_rows(held, model, rungs)
    return {rung: score(shown, truths, len(model.item_keys)) for rung, shown in lists.items()}


def personal_rows(
    held: Held, model: Model, rungs: Sequence[str]
) -> tuple[dict[str, list[list[int]]], list[frozenset[int]]]:
    """Return each shopper's first ten on each rung, by the very code that serves, and what each of them then bought.

    `PLAIN` may be among the `rungs`.
    """
    lists: dict[str, list[list[int]]] = {rung: [] for rung in rungs}
    truths = []
    for one in split.asked(held, model):
        found = rows(model, one.person, allowed=one.allowed)
        truths.append(one.truth)
        for rung, shown in lists.items():
            if rung == PLAIN:
                shown.append(found.item[top(model.popularity[found.item, 1], K)].tolist())
                continue
            stands = order_by(model, found, rung if one.person else "popular", unseen=one.person.unseen)
            shown.append(stands.item[top(stands.score, K)].tolist())
    return lists, truths


def choose_fold(held: Held, model: Model) -> str:
    """Return the fold-in with the best NDCG@10 of the factors alone, ties by name; `both` where there is nobody to
    ask.
    """
    if not held.shoppers:
        return FOLD
    found = {name: measure(held, model, fold).ndcg for name, fold in FOLDS.items()}
    return max(sorted(found), key=found.__getitem__)
