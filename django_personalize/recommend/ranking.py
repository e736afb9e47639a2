"""From places in a model to the ranking that a step returns."""

from __future__ import annotations

from collections.abc import Sequence

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Candidate, Ranking, Reason

NOTHING = Ranking(candidates=(), rung="newest")


def over_fetch(n: int) -> int:
    """Return how many candidates are wanted so that `n` remain after what is sold out or already on the page is
    dropped.
    """
    return 4 * n + 12


def ranking(
    model: Model, order: Int, scores: Float, sources: Sequence[str], reasons: Sequence[Reason], rung: str
) -> Ranking:
    """Return the items at the places `order`, best first; `scores` are over all items, the others along `order`."""
    chosen = tuple(
        Candidate(item_key=model.item_keys[item], score=score, source=source, reason=reason)
        for item, score, source, reason in zip(order.tolist(), scores[order].tolist(), sources, reasons, strict=True)
    )
    return Ranking(candidates=chosen, rung=rung, model_version=model.number) if chosen else NOTHING
