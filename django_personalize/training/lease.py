"""Who trains: one process of all hosts at a time, by a row that only one may hold and that dies with its process.

Two locks, for each does what the other cannot. The file's is of one host, and the kernel lets go of it the moment its
process is killed. The row's is of all hosts: whoever holds it says every `BEAT` that it lives, and is found dead once
it has not done so for `LEASE`. A process that was taken for dead and is not notices it before it publishes anything.
"""

from __future__ import annotations

import fcntl
import logging
import os
import resource
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from django_personalize.core import clock
from django_personalize.exceptions import NotEnoughData, NothingNew, PersonalizeError, TrainingRunning
from django_personalize.models import ModelVersion, TrainingRun
from django_personalize.models.training_run import AskedBy, Kind, RunStatus

LOCK = "training.lock"
LEASE = timedelta(minutes=3)
BEAT = 15.0
EVERY = 1.0
"""Seconds between two notes of how far a stage is."""
RESUMED = timedelta(hours=6)
"""How old the moment of a training that did not end may be for the next one to take it over, and its fits with it."""
PATIENCE = 600.0
"""Seconds for which a full training waits for a refresh, which takes seconds: the night must not be lost to one."""
KEPT = 500
"""Rows that stay; a refresh every quarter of an hour writes a hundred a day."""
logger = logging.getLogger(__name__)


class Lease:
    """The row of the training that this process does."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        self._began, self._cpu = time.monotonic(), _cpu()
        self._written = float("-inf")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="personalize-training", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    def tell(self, stage: str, done: int, total: int) -> None:
        """Say how far the training is; `TrainingRunning` where it was taken for dead and another may have begun."""
        if stage != self.run.stage:
            self.run.log.append([stage, round(self.seconds, 1)])
        elif time.monotonic() - self._written < EVERY:
            return
        self._written = time.monotonic()
        self.note(stage=stage, done=done, total=total, log=self.run.log)

    def note(self, **fields: Any) -> None:
        """Write fields of the row; a database that is away is no reason to stop learning."""
        for name, value in fields.items():
            setattr(self.run, name, value)
        try:
            self.confirm(**fields)
        except DatabaseError as error:
            logger.warning("The training goes on, though it could not be said how far it is: %s", error)
            _let_go()

    def confirm(self, **fields: Any) -> None:
        """Raise `TrainingRunning` unless this process still is the one that trains."""
        if not _running(self.run).update(beat_at=clock.now(), **fields):
            raise TrainingRunning(
                f"Training run #{self.run.pk} was taken for dead, and another may have begun: it changes nothing more."
            )

    def end(self, status: str, why: str = "") -> None:
        """Close the row with what the training cost; one that was taken for dead stays as it is."""
        self._ended.set()
        self._thread.join()
        if status == RunStatus.FAILED:
            _let_go()  # of a connection that may be what failed
        with suppress(DatabaseError):
            _running(self.run).update(
                status=status,
                why=why,
                ended_at=clock.now(),
                seconds=self.seconds,
                cpu_seconds=_cpu() - self._cpu,
                peak_bytes=_peak(),
            )
            for oldest in TrainingRun.objects.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 1]:
                TrainingRun.objects.filter(pk__lte=oldest).delete()
            self.run.refresh_from_db()

    def _live(self) -> None:
        """Say that this process lives, while it is busy with what tells nothing; by a connection of this thread."""
        while not self._ended.wait(BEAT):
            try:
                if not _running(self.run).update(beat_at=clock.now()):
                    return
            except DatabaseError as error:
                logger.warning("It could not be said that the training lives: %s", error)
            finally:
                connection.close()


@contextmanager
def hold(root: Path, *, kind: Kind, asked_by: str, as_of: datetime | None = None, task_id: str = "") -> Iterator[Lease]:
    """Be the one process that trains, from here to the end of the block, whose outcome becomes the row's.

    Raises `TrainingRunning` where another process trains, though a full training waits for a refresh to end, and
    `RuntimeError` within a transaction, in which nobody could see how far it is. Without `as_of` the moment is now, or
    that of a full training which did not come to its end within the last six hours: what it fitted is on disk.
    """
    with ExitStack() as locked:
        lease = _begin(locked, root, kind, lambda: _take(kind, asked_by, as_of, task_id))
        try:
            yield lease
        except (NotEnoughData, NothingNew) as error:
            lease.end(RunStatus.SKIPPED, str(error))
            raise
        except BaseException as error:
            lease.end(RunStatus.FAILED, _said(error))
            raise
        lease.end(RunStatus.DONE)


def skip(kind: Kind, asked_by: str, task_id: str, why: str) -> None:
    """Note that a training was asked for and not begun."""
    now = clock.now()
    TrainingRun.objects.create(
        kind=kind, asked_by=asked_by, task_id=task_id, status=RunStatus.SKIPPED, why=why, host=_host(), pid=os.getpid(),
        started_at=now, beat_at=now, ended_at=now, as_of=now,
    )  # fmt: skip


def _begin(locked: ExitStack, root: Path, kind: Kind, take: Callable[[], TrainingRun]) -> Lease:
    began = time.monotonic()
    while True:
        try:
            locked.enter_context(_alone(root))
            return Lease(take())
        except TrainingRunning:
            locked.close()
            brief = TrainingRun.objects.filter(status=RunStatus.RUNNING, kind=Kind.REFRESH).exists()
            if kind == Kind.REFRESH or not brief or time.monotonic() - began > PATIENCE:
                raise
            sleep(EVERY)


def _take(kind: Kind, asked_by: str, as_of: datetime | None, task_id: str) -> TrainingRun:
    now = clock.now()
    _bury(now)
    try:
        with transaction.atomic(durable=True):
            return TrainingRun.objects.create(
                kind=kind, asked_by=AskedBy(asked_by), task_id=task_id, host=_host(), pid=os.getpid(),
                started_at=now, beat_at=now, as_of=as_of or _resumed(kind, now) or now,
            )  # fmt: skip
    except IntegrityError as error:
        other = TrainingRun.objects.filter(status=RunStatus.RUNNING).first()
        who = f"Run #{other.pk} on {other.host}, process {other.pid}," if other else "Another process"
        raise TrainingRunning(f"{who} is training; wait for it to end.") from error


def _bury(now: datetime) -> None:
    """Mark as dead what says that it runs and cannot."""
    for run in TrainingRun.objects.filter(status=RunStatus.RUNNING):
        silent = run.beat_at < now - LEASE
        if silent or (run.host == _host() and _gone(run.pid)):
            why = (
                f"nothing was heard of it since {run.beat_at:%H:%M:%S} UTC" if silent else f"process {run.pid} is gone"
            )
            TrainingRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING, beat_at=run.beat_at).update(
                status=RunStatus.DEAD, ended_at=now, why=f"It was killed, or its host went down: {why}."
            )


def _said(error: BaseException) -> str:
    """Return what went wrong in words: of an error that nobody expected only what and where, for its own words may
    quote rows of the shop's; the log of whoever trains has them.
    """
    kind = type(error).__name__
    if isinstance(error, PersonalizeError | OSError | OperationalError | InterfaceError):
        return f"{kind}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{kind} in {Path(frames[-1].filename).name}, line {frames[-1].lineno}." if frames else kind


def _gone(pid: int) -> bool:
    """Say whether a process of this host has ended; this very process has, as what it was before: it holds the lock."""
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _resumed(kind: Kind, now: datetime) -> datetime | None:
    """Return the moment of the last training, a full one that did not end, not long ago; None where a version that is
    later than it has gone live since.
    """
    if kind != Kind.FULL:
        return None
    last = TrainingRun.objects.filter(kind=kind).exclude(status=RunStatus.SKIPPED).first()
    if last is None or last.status == RunStatus.DONE or not timedelta(0) <= now - last.as_of <= RESUMED:
        return None
    overtaken = ModelVersion.objects.filter(status=ModelVersion.Status.LIVE, as_of__gt=last.as_of).exists()
    return None if overtaken else last.as_of


def _running(run: TrainingRun) -> Any:
    return TrainingRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock of `root`; the kernel lets go of it even when this process is killed."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingRunning(f"Another process is training into {root}; wait for it to end.") from error
        yield


def _let_go() -> None:
    """Close the connection, so that the next query opens another; never within a transaction, which would end by it."""
    if not connection.in_atomic_block:
        connection.close()


def _host() -> str:
    return socket.gethostname()[:128]


def _cpu() -> float:
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _peak() -> int:
    """Return bytes: the most that this process ever held, plus the most that one of its children did."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
