"""The person's own order of the shop's categories, and the best of one category for them."""

from __future__ import annotations

from dataclasses import dataclass

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Candidate, Query, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRank:
    """One category in a person's order."""

    name: str
    score: float
    reason: Reason


def rank_categories(query: Query, model: Model | None) -> tuple[CategoryRank, ...]:
    """Return all listed categories, this person's best first; by recent popularity without a history; () without a model."""
    raise NotImplementedError


def top_of_category(model: Model | None, query: Query, category: str, n: int) -> tuple[Candidate, ...]:
    """Return up to `n` items of `category`, best first for this person."""
    raise NotImplementedError
