"""Redis as the way of facts, for shops of several hosts; the spool of this host stands in wherever Redis does not."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from hashlib import sha1
from typing import Any
from uuid import uuid4

from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from django_personalize.conf import settings
from django_personalize.core.types import Batch, Fact
from django_personalize.events import background
from django_personalize.events.lines import encode
from django_personalize.events.sinks import SpoolSink
from django_personalize.integrations.redis_stream import WRITE, Stream

logger = logging.getLogger("django_personalize.events")
STREAMS = 4
"""A visitor's facts keep to one of them; so many processes may drain at once."""
TIMEOUT = 0.05
"""Seconds that a page waits for Redis."""
REST = 1.0
"""Seconds for which nobody asks a server that did not answer."""
MOST = 100_000
"""Batches that may wait in one stream; what comes then goes to the spool."""
PATIENCE = 2.0
"""Seconds that somebody who asks for their data waits for the drainer of each stream."""
NEVER_AGAIN = Retry(NoBackoff(), 0)
"""What redis-py would try again by itself, with the page waiting, goes to the spool instead."""
WRITE_SHA = sha1(WRITE.encode(), usedforsecurity=False).hexdigest()
Known = tuple[str, int]
"""A life of a stream, and its highest count that this process has heard of."""


class RedisSink:
    """`redis`: one entry of a stream per batch, brought into the database a moment later by whoever drains.

    As durable as the server: with `appendonly yes` it outlives a kill of it. One that is away, slow or full costs a
    page 50 ms once a second, and the batch goes to the spool. One database number per shop.
    """

    name = "redis"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, Known] = {}
        self._links: list[_Link] = []
        self._pid = os.getpid()
        self._failed = False
        self._resting_until = float("-inf")
        self._absent_until = float("-inf")

    @cached_property
    def spool(self) -> SpoolSink:
        return SpoolSink()

    @cached_property
    def streams(self) -> list[Stream]:
        client = Redis.from_url(settings.REDIS, socket_connect_timeout=1.0, socket_timeout=5.0, retry=NEVER_AGAIN)
        return [Stream(number, client) for number in range(STREAMS)]

    @cached_property
    def _pool(self) -> ConnectionPool:
        return ConnectionPool.from_url(
            settings.REDIS, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=NEVER_AGAIN
        )

    def write(self, batch: Batch) -> int:
        """Raises `SpoolFull` where neither Redis nor the spool takes it."""
        facts = [draft for draft in batch if isinstance(draft, Fact)]
        if not facts or not self._stream(facts):
            return self.spool.write(batch)
        if settings.DRAIN == "thread":
            background.start()
        # What has no id must not come twice, and what Redis answered too late has come: counts go by the spool alone.
        counted = [draft for draft in batch if not isinstance(draft, Fact)]
        return len(facts) + (self.spool.write(counted) if counted else 0)

    def waiting(self) -> int:
        """Return how many facts wait in Redis, and in the spool of this host."""
        with self._absent_is_fine():
            return self.spool.waiting() + sum(stream.waiting() for stream in self.streams)
        return self.spool.waiting()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Keep the drainers of all streams, and of this host's spool, from moving."""
        with self.spool.standing_still(), ExitStack() as held:
            with self._absent_is_fine():
                for stream in self.streams:
                    held.enter_context(stream.alone(patience=5.0))
            yield

    def drain(self) -> bool:
        """Store what waits in the spool of this host and in Redis, and say whether that was all of it.

        Waits a while for what another process is at.
        """
        whole = self.spool.drain()
        with self._absent_is_fine():
            for stream in self.streams:
                with stream.alone(patience=PATIENCE) as token:
                    if token is not None:
                        stream.drain(token)
                    else:
                        whole = False
            return whole
        return False

    def drain_free(self) -> bool:
        """Store what waits in streams that nobody else drains; False where there are none, or no server."""
        if time.monotonic() < self._absent_until:
            return False
        free = False
        with self._absent_is_fine():
            first = os.getpid() % STREAMS
            for stream in (*self.streams[first:], *self.streams[:first]):
                if stream.is_empty():
                    free = True
                    continue
                with stream.alone() as token:
                    if token is not None:
                        free = True
                        stream.drain(token)
        return free

    def scrub(self, visitors: list[str]) -> int:
        """Take out of Redis and the spool what lies there about these visitors, named by their ids in hex.

        Where Redis is away, what lies there is dropped when it is drained.
        """
        gone = self.spool.scrub(visitors)
        with self._absent_is_fine():
            gone += sum(stream.scrub([visitor.encode() for visitor in visitors]) for stream in self.streams)
        return gone

    @contextmanager
    def _absent_is_fine(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            self._absent_until = time.monotonic() + REST
            logger.warning("redis_away", extra={"error": type(error).__name__})

    def _stream(self, facts: Sequence[Fact]) -> bool:
        """Add these to a stream; False where Redis does not take them, or has not been asked."""
        now = time.monotonic()
        if now < self._resting_until:
            return False
        if self._failed:
            self._resting_until = now + REST  # this batch alone tries whether it is back
        number = _shard(facts)
        try:
            taken = self._add(number, facts)
        except (RedisError, OSError) as error:
            self._rest(type(error).__name__)
            return False
        if not taken:
            self._rest("full")
            return False
        self._failed, self._resting_until = False, float("-inf")
        return True

    def _rest(self, why: str) -> None:
        self._failed, self._resting_until = True, time.monotonic() + REST
        logger.warning("redis_not_writable", extra={"error": why})

    def _add(self, number: int, facts: Sequence[Fact]) -> bool:
        if self._pid != os.getpid():
            # The parent's connections stay the parent's; its lock may have been held at the fork.
            self._lock, self._links, self._pid = threading.Lock(), [], os.getpid()
        try:
            link = self._links.pop()
        except IndexError:
            link = _Link(self._pool.make_connection())
        try:
            answer = link.add(self.streams[number], facts, self._known.get(number, ("", 0)))
        except BaseException:
            link.close()
            raise
        self._links.append(link)
        if answer is None:
            return False
        life, count = answer[0].decode(), int(answer[1])
        with self._lock:
            known = self._known.get(number, ("", 0))
            self._known[number] = life, max(count, known[1] if known[0] == life else 0)
        return True


class _Link:
    """A connection, and the life of the server that it was made in: no later one can ever answer on it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        connection.connect()
        try:
            connection.send_command("SCRIPT", "LOAD", WRITE)
            connection.read_response()
            connection.send_command("INFO", "server")
            told = connection.read_response()
        except BaseException:
            connection.disconnect()
            raise
        found = re.search(rb"run_id:(\w+)", told if isinstance(told, bytes) else told.encode())
        self.run = found[1] if found else b""

    def add(self, stream: Stream, facts: Sequence[Fact], known: Known) -> Any:
        lines = b"\n".join([encode(draft) for draft in facts])
        self.connection.send_command(
            "EVALSHA", WRITE_SHA, 2, stream.facts, stream.life, MOST, self.run, uuid4().hex, len(facts), lines, *known
        )
        return self.connection.read_response()

    def close(self) -> None:
        self.connection.disconnect()


def _shard(facts: Sequence[Fact]) -> int:
    """Return the stream of the first visitor that is named: a decision then arrives before what is told of it."""
    visitor = next((found for each in facts if (found := getattr(each, "visitor_id", None)) is not None), None)
    return (os.getpid() if visitor is None else visitor.int) % STREAMS
