"""Published arrays: written whole, verified when read, swapped under running requests."""

from __future__ import annotations

from django_personalize.artifacts.model import Model


def live() -> Model | None:
    """Return the live model; looks for a newer one at most every 5 s per process."""
    raise NotImplementedError


def forget() -> None:
    """Drop what this process has loaded (tests, forks)."""
    raise NotImplementedError
