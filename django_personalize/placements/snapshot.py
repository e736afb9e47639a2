"""What the merchandiser has set, as this process last read it: in memory, and never older than some seconds.

A page then costs no query for it. A change that this process itself saves counts at its next render; one that another
process saves, or that is made past the ORM's `save()`, counts within `SECONDS`. Begin and end of a schedule lie in the
rows and are looked at in every decision, so they are exact.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Generic, TypeVar

from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save

from django_personalize.core import clock
from django_personalize.models import Promotion, Rule
from django_personalize.models.scheduled import Scheduled, ScheduledQuerySet

SECONDS = 5.0
logger = logging.getLogger("django_personalize.placements")
Row = TypeVar("Row", bound=Scheduled)


class Snapshot(Generic[Row]):
    """The rows of one model that are on and have not ended, in the order in which they act."""

    def __init__(self, model: type[Row]) -> None:
        self.model = model
        self._rows: tuple[Row, ...] = ()
        self._until = float("-inf")
        self._reading = threading.Lock()
        for signal in (post_save, post_delete):
            signal.connect(self._changed, sender=model)

    def rows(self) -> tuple[Row, ...]:
        """Return the rows; one query where they are too old. While one request reads the others keep what was there.

        A database that fails keeps what was there too.
        """
        if time.monotonic() < self._until:
            return self._rows
        if self._reading.acquire(blocking=self._until == float("-inf")):
            try:
                if time.monotonic() >= self._until:
                    self._read()
            finally:
                self._reading.release()
        return self._rows

    def forget(self) -> None:
        """Read again at the next look."""
        self._until = float("-inf")

    def _read(self) -> None:
        until = time.monotonic() + SECONDS
        try:
            rows: Any = ScheduledQuerySet(self.model).in_force(clock.now())
            self._rows = tuple(rows)
        except DatabaseError:
            logger.exception("What is set for placements could not be read; what was known stays.")
        self._until = until

    def _changed(self, **kwargs: Any) -> None:
        self.forget()


RULES = Snapshot(Rule)
PROMOTIONS = Snapshot(Promotion)


def forget() -> None:
    """Have both read again at the next look."""
    RULES.forget()
    PROMOTIONS.forget()
