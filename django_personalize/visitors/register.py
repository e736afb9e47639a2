"""A visitor comes into being with a yes, and changes with every later answer."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID, uuid4

from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.models import Visitor


def register(granted: Collection[Purpose], *, user_key: str = "", browser: UUID | None = None) -> Visitor:
    """Create the row for a browser that just said yes; `browser` where it has been a visitor before."""
    now = clock.now()
    return Visitor.objects.create(
        browser=browser or uuid4(),
        user_key=user_key,
        granted=dict.fromkeys(sorted(granted), True),
        created_at=now,
        answered_at=now,
    )


def answer(visitor: Visitor, granted: Collection[Purpose]) -> None:
    """Keep a changed answer; the caller has dealt with what was withdrawn."""
    visitor.granted = dict.fromkeys(sorted(granted), True)
    visitor.answered_at = clock.now()
    visitor.save(update_fields=["granted", "answered_at"])
