"""The person's own order of the shop's categories, and the best of one category for them."""

from __future__ import annotations

from django_personalize.core.types import Candidate
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.groups import Shares, categories


def rank_categories(asking: Asking) -> tuple[str, ...]:
    """Return all categories with a listed item, this person's best first, ties by name (see `groups.Shares`)."""
    return Shares(asking, categories(asking.model)).ranked()


def top_of_category(asking: Asking, category: str, limit: int) -> tuple[Candidate, ...]:
    """Return up to `limit` candidates of `category`, best first for this person; () for a category that is unknown."""
    return Shares(asking, categories(asking.model)).top(category, limit)
