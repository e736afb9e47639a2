"""How far the facts of one segment or stream have been stored; moved in the transaction that stores them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from django_personalize.core import clock
from django_personalize.core.failpoints import reach
from django_personalize.events import intake, quarantine
from django_personalize.events.intake import LOST, Outcome
from django_personalize.events.quarantine import Carried
from django_personalize.models import Cursor

logger = logging.getLogger("django_personalize.events")
Place = tuple[str, int]
"""Where a cursor stands: its position, and the running count by then."""


class Overtaken(Exception):
    """Somebody else has moved the cursor: their work stands, ours is rolled back."""


@dataclass(slots=True)
class Batch:
    """The next facts, and where they bring the cursor."""

    carried: list[Carried]
    position: str
    received: int
    """The running count that the last of them carries."""
    lost: int = 0
    """Facts that the running count tells of and that are nowhere."""


def places(names: Sequence[str]) -> dict[str, Place]:
    """Return where those of these cursors stand that have begun to move."""
    found: dict[str, Place] = {}
    for start in range(0, len(names), 500):
        rows = Cursor.objects.filter(name__in=names[start : start + 500])
        found |= {name: (at, received) for name, at, received in rows.values_list("name", "position", "received")}
    return found


def store(name: str, place: Place | None, batch: Batch, *, sink: str) -> None:
    """Store a batch: rows, account and cursor stand or fall together.

    Raises `Overtaken` where the cursor does not stand at `place` any more, and `RuntimeError` within a transaction of
    the caller's: it could still be rolled back, when the facts are gone from where they waited.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        moved = {"position": batch.position, "received": batch.received, "moved_at": now}
        if place is None:
            _, fresh = Cursor.objects.get_or_create(name=name, defaults=moved)
            if not fresh:
                raise Overtaken(name)
        elif not Cursor.objects.filter(name=name, position=place[0], received=place[1]).update(**moved):
            raise Overtaken(name)
        ends = quarantine.store(batch.carried, received_at=now, sink=sink).ends
        received = batch.received - (place[1] if place else 0)
        told: Counter[tuple[str, str]] = Counter({(Outcome.RECEIVED, ""): received})
        if batch.lost:
            told[Outcome.REFUSED, LOST] = batch.lost
            logger.error("facts_lost", extra={"cursor": name, "count": batch.lost})
        intake.add(now.date(), sink, ends + told)
        reach("before_commit")
    reach("after_commit")
