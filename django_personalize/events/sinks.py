"""Where facts go from the process that saw them happen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from django.db import IntegrityError

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import Batch, RefusalDraft
from django_personalize.events import background, drain, quarantine, spool
from django_personalize.events.intake import SPOOL_FULL
from django_personalize.events.lines import encode, facts_of
from django_personalize.events.quarantine import Carried
from django_personalize.events.spool import Spool
from django_personalize.exceptions import SpoolFull

logger = logging.getLogger("django_personalize.events")
PATIENCE = 10.0
"""Seconds that somebody who asks for their data waits for a drainer, and again to have lines blanked: together less
than the half minute after which servers give a page up.
"""


class DatabaseSink:
    """`db`: one transaction per batch, in the process that saw it happen. Stored when `write` returns."""

    name = "db"

    def write(self, batch: Batch) -> int:
        if not batch:
            return 0
        carried = [Carried(draft, b"", facts_of(draft)) for draft in batch]
        try:
            return self._store(carried)
        except IntegrityError:
            # Somebody was erased between our look and our commit; the second look sees it.
            return self._store(carried)

    def _store(self, carried: list[Carried]) -> int:
        return quarantine.store_counted(carried, received_at=clock.now(), sink=self.name).stored

    def waiting(self) -> int:
        return 0


class SpoolSink:
    """`spool`: a line in a file of this host, brought into the database a moment later. The default.

    Durable when `write` returns, in some ten microseconds, with no database and no broker. Where the disk takes no
    more, the batch goes to the database at once.
    """

    name = "spool"

    def __init__(self) -> None:
        self._refused = 0
        """Facts that found no room, to be told of as soon as there is some."""

    @cached_property
    def spool(self) -> Spool:
        return Spool(settings.SPOOL, most_bytes=settings.SPOOL_BYTES, fsync_ms=settings.FSYNC_MS)

    def write(self, batch: Batch) -> int:
        """Raises `SpoolFull` where more waits than the setting allows."""
        if not batch:
            return 0
        lines = [(encode(draft), facts_of(draft)) for draft in batch]
        told, self._refused = self._refused, 0
        if told:
            lines.append((encode(RefusalDraft(reason=SPOOL_FULL, count=told)), told))
        try:
            self.spool.append(lines)
        except SpoolFull:
            self._refused += told + sum(facts_of(draft) for draft in batch)
            raise
        except OSError as error:
            self._refused += told
            logger.warning("spool_not_writable", extra={"error": str(error)})
            return DatabaseSink().write(batch)
        if settings.DRAIN == "thread":
            background.start()
        return sum(facts_of(draft) for draft in batch if not isinstance(draft, RefusalDraft))

    def waiting(self) -> int:
        """Return how many facts wait on this host."""
        return drain.waiting(settings.SPOOL)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Keep this host's drainer from moving, so that what is counted meanwhile belongs together."""
        with spool.alone(settings.SPOOL, patience=5.0):
            yield

    def drain(self) -> bool:
        """Store what waits on this host, and say whether that was all of it.

        What another process is storing is waited for a while; what a later version wrote is left to it.
        """
        done = drain.drain(settings.SPOOL, patience=PATIENCE)
        return done is not None and not done.newer

    def scrub(self, visitors: list[str]) -> int:
        """Blank what lies here about these visitors, named by their ids in hex; return how many lines that were."""
        self.spool.rotate()
        return spool.scrub(settings.SPOOL, [visitor.encode() for visitor in visitors], patience=PATIENCE)
