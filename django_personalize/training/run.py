"""Train: read, learn, judge, publish, promote. One at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django_personalize.models import ModelVersion

Progress = Callable[[str, int, int], None]


def train(
    *,
    as_of: datetime | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    evaluate: bool = True,
) -> ModelVersion:
    """Return the version that was published; its status says whether it went live and its verdict why."""
    raise NotImplementedError
