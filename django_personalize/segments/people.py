"""Whom segments are about: people who say yes to `personalization` now, one per account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django_personalize.core.types import Purpose
from django_personalize.models import Visitor
from django_personalize.visitors.staff import staff_accounts

AT_ONCE = 500
"""Visitors in one query: databases limit its parameters, and a batch's rows are held in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody, sorted by key; the columns have equal length."""

    keys: tuple[str, ...]
    """`user:<account>`, or `visitor:<id>` for a guest, as the learner names them."""
    visitors: tuple[tuple[UUID, ...], ...]
    """The browsers of each that grant `personalization`, oldest first."""

    def __len__(self) -> int:
        return len(self.keys)

    def batches(self, most: int = AT_ONCE) -> Iterator[tuple[int, int]]:
        """Yield (start, stop) of runs of people with up to `most` visitors together; at least one person each."""
        start = count = 0
        for place, visitors in enumerate(self.visitors):
            if place > start and count + len(visitors) > most:
                yield start, place
                start, count = place, 0
            count += len(visitors)
        if start < len(self):
            yield start, len(self)


def load() -> People:
    """Read everybody, in two queries. The shop's own staff are nobody here: they order and look as they test."""
    staff = staff_accounts()
    found: dict[str, tuple[UUID, ...]] = {}
    rows = Visitor.objects.granting(Purpose.PERSONALIZATION).order_by("created_at", "pk")
    for pk, account in rows.values_list("pk", "user_key").iterator(chunk_size=20_000):
        if account not in staff:
            key = f"user:{account}" if account else f"visitor:{pk}"
            found[key] = (*found.get(key, ()), pk)
    keys = tuple(sorted(found))
    return People(keys=keys, visitors=tuple(found[key] for key in keys))
