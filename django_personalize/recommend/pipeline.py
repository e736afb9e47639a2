"""One way in: a pipeline's name and a query give a ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Query, Ranking

Pipeline = Callable[[Query, Model], Ranking]

PIPELINES: Mapping[str, Pipeline] = {}
"""'personal', 'similar', 'bought_together', 'best_sellers', 'trending', 'buy_again'."""


def rank(name: str, query: Query, model: Model | None) -> Ranking:
    """Return about 4 n + 12 candidates of pipeline `name`, best first, or an empty ranking on rung 'newest'."""
    raise NotImplementedError
