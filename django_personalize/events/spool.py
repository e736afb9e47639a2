"""The spool: facts appended to files of this host, so that a page waits for no database and a kill loses nothing.

One process writes one segment at a time, holding its lock; the kernel lets go of the lock however the process ends, so
that a segment whose lock is free will never grow again. What `append` returned for is in the kernel's hands: it
survives the process, and within `FSYNC_MS` it is on the disk too.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django_personalize.core.failpoints import reach
from django_personalize.events.lines import blanked, framed, unframed
from django_personalize.exceptions import SpoolFull

SUFFIX = ".facts"
UNBORN = ".unborn"
"""Of a segment that nobody holds yet."""
LOCK = "drain.lock"
ROTATE_BYTES = 16 * 1024 * 1024
ROTATE_SECONDS = 60.0
MEASURE_SECONDS = 1.0


@dataclass(slots=True)
class _Segment:
    """A file that this process writes, and nobody else."""

    path: Path
    fd: int
    opened: float
    size: int = 0
    facts: int = 0
    dirty: bool = False


class Spool:
    """The directory, seen by one process. Threads may share it; a fork starts with a segment of its own."""

    def __init__(self, directory: Path, *, most_bytes: int, fsync_ms: int) -> None:
        self.directory = directory
        self.most_bytes = most_bytes
        self.fsync_seconds = fsync_ms / 1000.0
        self._segment: _Segment | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._syncing = False
        self._measured_at = float("-inf")
        self._measured = 0

    def append(self, bodies: Iterable[tuple[bytes, int]]) -> None:
        """Write (JSON, number of facts) each as one line, all by one call to the kernel.

        Raises `SpoolFull` where more waits than the setting allows, `OSError` where the disk takes no more; of what is
        refused nothing stays in the file.
        """
        self._after_fork()
        with self._lock:
            self._refuse_if_full()
            segment = self._writable()
            count, lines = segment.facts, []
            for body, facts in bodies:
                count += facts
                lines.append(framed(body, count))
            data = b"".join(lines)
            reach("before_write")
            try:
                written = os.write(segment.fd, data)
                if written != len(data):
                    raise OSError(errno.ENOSPC, "short write", str(segment.path))
            except BaseException:
                self._undo(segment)
                raise
            reach("after_write")
            segment.size += len(data)
            segment.facts = count
            self._measured += len(data)
            segment.dirty = True
            if self.fsync_seconds <= 0 or not self._is_synced_soon():
                os.fdatasync(segment.fd)
                segment.dirty = False

    def _is_synced_soon(self) -> bool:
        """Say whether a thread of this process brings lines to the disk; begin one where there is none yet."""
        if not self._syncing:
            try:
                threading.Thread(target=self._keep_syncing, name="personalize-sync", daemon=True).start()
            except RuntimeError:
                return False  # no more threads, or the process is about to end: asked again for the next line
            self._syncing = True
        return True

    def rotate(self) -> None:
        """Let go of the running segment, so that it can be removed once it is stored."""
        self._after_fork()
        with self._lock:
            self._close()

    def _undo(self, segment: _Segment) -> None:
        try:
            os.ftruncate(segment.fd, segment.size)
        except OSError:
            # What follows a torn line would be glued to it: never write here again.
            self._segment = None
            with suppress(OSError):
                os.close(segment.fd)

    def _after_fork(self) -> None:
        if self._pid == os.getpid():
            return
        # The parent's segment stays the parent's; its locks may have been held at the fork.
        self._lock = threading.Lock()
        inherited, self._segment = self._segment, None
        if inherited is not None:
            with suppress(OSError):
                os.close(inherited.fd)
        self._pid, self._syncing = os.getpid(), False

    def _writable(self) -> _Segment:
        segment = self._segment
        if segment is not None and (
            segment.size >= ROTATE_BYTES or time.monotonic() - segment.opened >= ROTATE_SECONDS
        ):
            self._close()
            segment = None
        if segment is None:
            segment = self._segment = self._open()
        return segment

    def _open(self) -> _Segment:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.directory / f"{time.time_ns():020d}-{os.getpid()}-{uuid4().hex[:12]}{SUFFIX}"
        reach("before_open")
        # Under another name until it is locked: a drainer takes a segment that nobody holds for one that has ended.
        unborn = path.with_suffix(UNBORN)
        fd = os.open(unborn, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            reach("before_birth")
            unborn.rename(path)
            _sync_directory(self.directory)
        except BaseException:
            os.close(fd)
            unborn.unlink(missing_ok=True)
            raise
        return _Segment(path, fd, time.monotonic())

    def _close(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        with suppress(OSError):
            os.fdatasync(segment.fd)
        reach("before_close")
        os.close(segment.fd)

    def _refuse_if_full(self) -> None:
        now = time.monotonic()
        if now - self._measured_at >= MEASURE_SECONDS:
            self._measured_at, self._measured = now, size_of(self.directory)
        if self._measured >= self.most_bytes:
            raise SpoolFull(
                f"{self.directory} holds {self._measured:,} bytes that wait to be stored, and "
                f'PERSONALIZE["SPOOL_BYTES"] allows {self.most_bytes:,}. Is the database there, and does a drainer run?'
            )

    def _keep_syncing(self) -> None:
        """Bring what was written to the disk, all of a while's lines at once, until the process ends."""
        pid = os.getpid()
        while pid == os.getpid():
            time.sleep(self.fsync_seconds)
            with self._lock:
                segment = self._segment
                if segment is None:
                    continue
                if not segment.dirty and time.monotonic() - segment.opened >= ROTATE_SECONDS:
                    self._close()  # nothing more came: what is stored need not lie here as well
                    continue
                if not segment.dirty:
                    continue
                try:
                    fd = os.dup(segment.fd)  # so that no page waits for the disk
                except OSError:
                    continue  # no descriptor is free: a moment later
                segment.dirty = False
            try:
                os.fdatasync(fd)
            except OSError:
                segment.dirty = True
            finally:
                os.close(fd)


def segments(directory: Path) -> list[Path]:
    """Return the segments of all processes, oldest first."""
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return []


def tidy(directory: Path) -> None:
    """Take away what writers left that were killed before they had written anything."""
    for path in directory.glob(f"*{UNBORN}"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ROTATE_SECONDS:
                path.unlink()


def size_of(directory: Path) -> int:
    total = 0
    for path in segments(directory):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def has_ended(file: BinaryIO) -> bool:
    """Say whether nobody will write to this segment any more."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


@contextmanager
def alone(directory: Path, *, patience: float = 0.0) -> Iterator[bool]:
    """Hold the drainer's lock of a directory, waiting for it at most so many seconds; gives whether it was got.

    It needs no clock and no clean end: the kernel lets go of it when its holder dies.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with (directory / LOCK).open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                got = True
                break
            except BlockingIOError:
                got = False
                if time.monotonic() >= until:
                    break
                time.sleep(0.01)
        yield got


def scrub(directory: Path, needles: Sequence[bytes], *, patience: float) -> int:
    """Blank every line that holds one of `needles`, stored already or not; return how many that were.

    In place and of equal length, so that writers go on and no cursor moves. Raises `TimeoutError` where the drainer
    does not pause for it.
    """
    blank = 0
    with alone(directory, patience=patience) as ours:
        if not ours:
            raise TimeoutError(f"{directory / LOCK} is held; nothing was scrubbed. Try again.")
        for path in segments(directory):
            with suppress(FileNotFoundError), path.open("r+b") as file:
                place = 0
                for line in file:
                    if any(needle in line for needle in needles) and (whole := unframed(line[:-1])) is not None:
                        count, body = whole
                        os.pwrite(file.fileno(), framed(blanked(body), count), place)
                        blank += 1
                    place += len(line)
                os.fdatasync(file.fileno())
    return blank


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
