"""How long rows may keep a page waiting, and a rest for what keeps failing.

Between the steps of a row the clock is asked, and within one the database stops what takes longer: SQLite by its
progress handler, PostgreSQL by a timeout that travels with the statement and ends with it. Other databases finish
what they have begun; there only the clock between the steps, and the rest, hold.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.events.isolation import isolated

logger = logging.getLogger("django_personalize.placements")
FAILURES = 3
"""In a row, of the same thing in this process; then it rests."""
REST_SECONDS = 30.0
INSTRUCTIONS = 2_000
"""Of SQLite's machine between two looks at the clock: some tens of microseconds."""


class Spent(Exception):
    """The budget is used up; whoever asks further down the ladder still has what is left of the page's."""


class Budget:
    """What one page may spend on rows, in seconds; each row takes from it."""

    def __init__(self) -> None:
        limits = settings.BUDGET
        self.left = limits["page"] / 1000
        self.each = limits["placement"] / 1000
        self.within = False
        """Whether a block runs, which counts for those in it."""


class Deadline:
    """When a row has to be done."""

    def __init__(self, seconds: float) -> None:
        self.at = time.perf_counter() + seconds

    @property
    def left(self) -> float:
        return self.at - time.perf_counter()

    def check(self) -> None:
        """Raise `Spent` once the time is over."""
        if self.left <= 0:
            raise Spent


@contextmanager
def limited(request: HttpRequest, part: str) -> Iterator[Deadline]:
    """Run one part of a row within what the page has left; raises `Spent` at once where that is nothing, or the part
    rests.

    What it took is taken from the page, whatever became of it. Queries that the block makes on the default database are
    stopped at the deadline, with the error that the database has for it. A part whose database fails, or that is late,
    time and again, rests.
    """
    budget = once(request, "budget", Budget)
    if budget.left <= 0 or not rest.asks(part):
        raise Spent
    deadline = Deadline(min(budget.each, budget.left))
    began, outermost = time.perf_counter(), not budget.within
    failed, budget.within = False, True
    try:
        with _stopping(deadline):
            yield deadline
    except (DatabaseError, Spent):
        failed = True
        raise
    finally:
        if outermost:
            budget.left -= time.perf_counter() - began
            budget.within = False
        if failed or deadline.left < 0:
            rest.failed(part)
        else:
            rest.worked(part)


class Rest:
    """Keeps a process from asking again and again for what fails: after `FAILURES` in a row it is left alone for
    `REST_SECONDS`, then tried once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[str, int] = {}
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def asks(self, name: str) -> bool:
        """Say whether `name` may be asked now. The one that asks first after a rest is the trial; others still wait."""
        until = self._until.get(name)
        if until is None:
            return True
        with self._lock:
            if self._clock() < self._until.get(name, 0.0):
                return False
            self._until[name] = self._clock() + REST_SECONDS
            return True

    def failed(self, name: str) -> None:
        with self._lock:
            self._failed[name] = self._failed.get(name, 0) + 1
            if self._failed[name] >= FAILURES:
                if name not in self._until:
                    logger.error("placement_rests", extra={"resting": name, "seconds": REST_SECONDS})
                self._until[name] = self._clock() + REST_SECONDS

    def worked(self, name: str) -> None:
        if name in self._failed or name in self._until:
            with self._lock:
                self._failed.pop(name, None)
                self._until.pop(name, None)


rest = Rest()
"""This process's."""


def forget() -> None:
    """Let everything be asked again, as in a new process."""
    global rest
    rest = Rest()


@contextmanager
def _stopping(deadline: Deadline) -> Iterator[None]:
    if connection.vendor == "postgresql":
        with _stopping_postgres(deadline):
            yield
        return
    with isolated():
        if connection.vendor == "sqlite":
            with _stopping_sqlite(deadline):
                yield
        else:
            with connection.execute_wrapper(_refusing(deadline)):
                yield


def _refusing(deadline: Deadline) -> Callable[..., Any]:
    def run(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        deadline.check()
        return execute(sql, params, many, context)

    return run


@contextmanager
def _stopping_sqlite(deadline: Deadline) -> Iterator[None]:
    touched: list[Any] = []  # a connection may be closed and opened anew meanwhile

    def run(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        deadline.check()
        raw = connection.connection
        raw.set_progress_handler(lambda: deadline.left <= 0, INSTRUCTIONS)  # an inner block's end has taken it off
        touched.append(raw)
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(run):
            yield
    finally:
        for raw in touched:
            if raw is connection.connection:  # else it has been closed meanwhile
                raw.set_progress_handler(None, 0)


@contextmanager
def _stopping_postgres(deadline: Deadline) -> Iterator[None]:
    """The timeout goes in front of the statement, in the same message: it costs no way to the server, and outside a
    transaction it ends with the message. Within one it would stay, so the block is a savepoint that is rolled back:
    a row only reads.
    """

    from psycopg import ClientCursor, ServerCursor  # an extra of the package's: there where this database is

    def run(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        deadline.check()
        raw = getattr(context["cursor"], "cursor", None)
        # Several statements go in one message where psycopg puts the values in itself and reads the answer whole.
        if not isinstance(raw, ClientCursor) or isinstance(raw, ServerCursor) or many or not isinstance(sql, str):
            return execute(sql, params, many, context)
        milliseconds = max(1, int(deadline.left * 1000))
        result = execute(f"SET LOCAL statement_timeout = {milliseconds}; {sql}", params, many, context)
        raw.nextset()
        return result

    if connection.in_atomic_block:
        with transaction.atomic(), connection.execute_wrapper(run):
            yield
            transaction.set_rollback(True)
    else:
        with connection.execute_wrapper(run):
            yield
