"""The drainer as a thread of the process that captures: nothing else has to be started.

Correctness never depends on it. Whichever process holds the lock drains for all of this host; when it dies, the next
one does.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from django.db import Error, close_old_connections, connection

from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.events import drain, spool

logger = logging.getLogger("django_personalize.events")
EVERY_SECONDS = 0.2
"""How long what a page tells may wait for the next look, at most: a click changes the next page."""
ELSEWHERE_SECONDS = 1.0
"""How often a process that does not drain asks whether it should."""
AWAY_SECONDS = 5.0
AGAIN_SECONDS = 60.0
"""After how long what the database did not take is tried again, of what is done now and then."""
CHORES: dict[str, float] = {
    "django_personalize.events.quarantine.replay_undecided": 60.0,
    "django_personalize.capture.orders.sweep": 300.0,
    "django_personalize.capture.orders.sweep_far": 86_400.0,
    "django_personalize.attribution.attribute.attribute": 3_600.0,
    "django_personalize.privacy.departed.sweep_accounts": 3_600.0,
    "django_personalize.privacy.retention.purge": 3_600.0,
}
"""What whoever drains does now and then, in seconds; named by path, since it may live above."""
_started_in: int | None = None
_lock = threading.Lock()


def start() -> None:
    """Have this process drain, where no other one of this host does; costs nothing after the first call."""
    global _started_in, _lock
    if _started_in == os.getpid():
        return
    if _started_in is not None:
        _lock = threading.Lock()  # a fork's, of unknown state
    with _lock:
        if _started_in != os.getpid():
            _started_in = os.getpid()
            threading.Thread(target=_run, args=(os.getpid(),), name="personalize-drain", daemon=True).start()


def _run(pid: int) -> None:
    while pid == os.getpid():
        try:
            wait = EVERY_SECONDS if once() else ELSEWHERE_SECONDS
        except Error as error:
            # The database is away or not migrated yet: what waits, waits.
            logger.warning("drain_waits", extra={"error": type(error).__name__})
            connection.close()
            wait = AWAY_SECONDS
        except Exception:
            logger.exception("drain_failed")
            wait = AWAY_SECONDS
        time.sleep(wait)


def once() -> bool:
    """Drain once, and do the chores whose time has come; False where another process is at it."""
    directory = settings.SPOOL
    with spool.alone(directory) as ours:
        if ours:
            _round(directory)
    # What lies on no host of ours is drained by whoever comes first, here or elsewhere.
    drain_free = getattr(settings.sink, "drain_free", None)
    return (drain_free is not None and drain_free()) or ours


def _round(directory: Path) -> None:
    _close_old()
    drain.drain_here(directory)
    for path, every in CHORES.items():
        if not _is_due(directory, path, every):
            continue
        try:
            load(path)()
        except Error:
            _due_again(directory, path, every)
            raise
        except Exception:
            logger.exception("chore_failed", extra={"chore": path})
    _close_old()


def _close_old() -> None:
    """Let go of connections that are of no use any more; not within a transaction, which would end by it."""
    if not connection.in_atomic_block:
        close_old_connections()


def _is_due(directory: Path, path: str, every: float) -> bool:
    """Say whether nobody on this host has done this for so long, and note that it is done now."""
    mark, now = _mark(directory, path), time.time()
    try:
        if 0 <= now - mark.stat().st_mtime < every:
            return False
    except FileNotFoundError:
        pass
    mark.touch()
    return True


def _due_again(directory: Path, path: str, every: float) -> None:
    """Note that it was not done, since the database was away: it need not wait for its whole time again."""
    soon = time.time() - max(every - AGAIN_SECONDS, 0.0)
    os.utime(_mark(directory, path), (soon, soon))


def _mark(directory: Path, path: str) -> Path:
    return directory / f"{path.rpartition('.')[2]}.done"
