"""From the spool to rows: a batch and its cursor in one transaction, so that a kill repeats and skips nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django_personalize.core.failpoints import reach
from django_personalize.events import cursors, spool
from django_personalize.events.cursors import Batch, Overtaken
from django_personalize.events.lines import LONGEST_LINE, Newer, facts_of, unframed
from django_personalize.events.quarantine import BAD_CHECKSUM, Carried
from django_personalize.models import Cursor

logger = logging.getLogger("django_personalize.events")
SINK = "spool"
LINES = 2_000
LONGEST_QUARANTINED = 4096
READ = 2 * LONGEST_LINE
"""Bytes read at once: at least one whole line of any length."""


@dataclass(slots=True)
class Drained:
    facts: int = 0
    batches: int = 0
    newer: int = 0
    """Segments left alone, since a later version of this package wrote them."""


def drain(directory: Path, *, patience: float = 0.0) -> Drained | None:
    """Store what waits in the spool. None where another process is at it, for longer than `patience` seconds.

    Raises what the database raises when it is away; nothing is lost by it, and the next call goes on from there.
    """
    with spool.alone(directory, patience=patience) as ours:
        return drain_here(directory) if ours else None


def drain_here(directory: Path) -> Drained:
    """The same, for whoever holds the lock already."""
    done = Drained()
    paths = spool.segments(directory)
    moved = _cursors(paths)
    for path in paths:
        try:
            _segment(path, moved.get(path.name), done)
        except Newer as found:
            done.newer += 1
            logger.error("spool_newer", extra={"segment": path.name, "found": str(found)})
        except Overtaken:
            logger.warning("spool_overtaken", extra={"segment": path.name})
    spool.tidy(directory)
    return done


def waiting(directory: Path) -> int:
    """Return how many facts lie in the spool that no cursor has passed. Exact while nobody drains."""
    paths = spool.segments(directory)
    moved = _cursors(paths)
    total = 0
    for path in paths:
        position, received = moved.get(path.name, (0, 0))
        with suppress(FileNotFoundError), path.open("rb") as file:
            total += max(_last_count(file, position, received) - received, 0)
    return total


def _last_count(file: BinaryIO, position: int, received: int) -> int:
    """Return the count that the last whole line carries, which says how many facts stand before it."""
    ended = spool.has_ended(file)
    start = max(position, file.seek(0, os.SEEK_END) - READ)
    file.seek(start)
    torn = 0
    for line in reversed(file.read().split(b"\n")[:-1]):
        found = unframed(line)
        if found is not None:
            return found[0] + torn
        torn += ended
    return received + torn


def _cursors(paths: Sequence[Path]) -> dict[str, tuple[int, int]]:
    found = cursors.places([path.name for path in paths])
    return {name: (int(position), received) for name, (position, received) in found.items()}


def _segment(path: Path, cursor: tuple[int, int] | None, done: Drained) -> None:
    place = (str(cursor[0]), cursor[1]) if cursor else None
    position, received = cursor or (0, 0)
    with path.open("rb") as file:
        # Asked before the last line is read: one that is written in between is found by the next round.
        ended = spool.has_ended(file)
        with closing(_batches(partial(_read, file, ended=ended), position, received)) as batches:
            for batch in batches:
                cursors.store(path.name, place, batch, sink=SINK)
                place = batch.position, batch.received
                position = int(batch.position)
                done.batches += 1
                done.facts += sum(each.facts for each in batch.carried)
        file.seek(position)
        if ended and b"\n" not in file.read():
            reach("before_unlink")
            # The file first: without its row it would be stored from the beginning again.
            path.unlink()
            reach("after_unlink")
            Cursor.objects.filter(name=path.name).delete()


def _batches(read: Callable[[int, int], Batch | None], position: int, received: int) -> Generator[Batch, None, None]:
    """Yield batch after batch; while the database stores a whole one, the next is read already."""
    batch = read(position, received)
    while batch is not None:
        if len(batch.carried) < LINES:
            yield batch
            batch = read(int(batch.position), batch.received)
            continue
        with ThreadPoolExecutor(1, "personalize-read") as ahead:
            following = ahead.submit(read, int(batch.position), batch.received)
            yield batch
            batch = following.result()


def _read(file: BinaryIO, position: int, received: int, *, ended: bool) -> Batch | None:
    """Return the next whole lines; None where there is none. A torn tail is nobody's: it was never acknowledged."""
    file.seek(position)
    data = file.read(READ)
    carried: list[Carried] = []
    torn: list[bytes] = []
    """Lines whose checksum is wrong, until a good one says how many facts they were."""
    place = kept = lost = 0
    count = received
    while len(carried) < LINES:
        end = data.find(b"\n", place)
        if end < 0:
            break
        line, place = data[place:end], end + 1
        found = unframed(line)
        if found is None:
            torn.append(line)
            continue
        upto, body = found
        try:
            read = Carried.read(body, 1)
        except Newer:
            if carried:
                break
            raise
        # What cannot be read does not say how many facts it was; its writer's count does.
        facts = _facts(read) if read.draft is not None or torn else max(upto - count, 1)
        missing = max(upto - count - facts, 0)
        carried += _set_aside(torn, missing)
        lost += 0 if torn else missing
        torn = []
        carried.append(Carried(read.draft, read.body, facts, read.reason, read.detail))
        # Rubbish may have been taken for more facts than it was; what is whole counts all the same.
        count, kept = max(upto, count + facts), place
    if not carried and not torn and not place and len(data) == READ:
        torn, place = [data[:LONGEST_QUARANTINED]], len(data)  # no line of ours is as long
    if torn and (ended or len(data) == READ):
        # Nothing good follows to say how many they were: each is counted as one.
        carried += _set_aside(torn, len(torn))
        count, kept = count + len(torn), place
    return Batch(carried, str(position + kept), count, lost) if kept else None


def _facts(read: Carried) -> int:
    return 1 if read.draft is None else facts_of(read.draft)


def _set_aside(lines: Sequence[bytes], facts: int) -> list[Carried]:
    """Return these lines as so many facts; an acknowledged fact each, as far as anybody can tell."""
    if not lines:
        return []
    share = [facts // len(lines)] * len(lines)
    share[0] += facts - sum(share)
    return [Carried(None, line, n, BAD_CHECKSUM) for line, n in zip(lines, share, strict=True)]
