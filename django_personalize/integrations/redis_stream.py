"""One stream of facts in Redis: written in one round trip, drained by one process at a time, scrubbed in place.

A batch is an entry, added by a script that moves the stream's running count in the same step: whoever reads the entries
sees by it whether any is missing. A count belongs to one *life* of the stream, which ends when the server starts anew
or forgets it: then it begins again under another name, so that no new fact is ever mistaken for one that is stored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from redis import RedisError

from django_personalize.core.failpoints import reach
from django_personalize.core.types import GoneDraft
from django_personalize.events import cursors
from django_personalize.events.cursors import Batch, Overtaken, Place
from django_personalize.events.lines import Newer, encode
from django_personalize.events.quarantine import Carried

logger = logging.getLogger("django_personalize.events")
SINK = "redis"
LEASE_MS = 5_000
"""How long a drainer that was killed keeps others away from its stream."""
ENTRIES = 500
FACTS = 5_000
"""Read at once, and stored at once."""
TOMBSTONE = encode(GoneDraft(count=1))

WRITE = """
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return false end
local run, life = unpack(redis.call('HMGET', KEYS[2], 'run', 'life'))
if run ~= ARGV[2] then
  life = ARGV[3]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'run', ARGV[2], 'life', life)
end
local count = redis.call('HINCRBY', KEYS[2], 'count', ARGV[4])
local past = ''
if ARGV[6] ~= '' and ARGV[6] ~= life then past = ARGV[6] .. ':' .. ARGV[7] end
redis.call('XADD', KEYS[1], '*', 'life', life, 'count', count, 'facts', ARGV[5], 'past', past)
return {life, count}
"""
"""Takes: most entries, the server's run, a name for a new life, facts, their lines, the (life, count) last heard of."""
RENEW = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('PEXPIRE', KEYS[1], ARGV[2])"
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
SCRUB = """
local function marked(line)
  for at = 2, #ARGV do if string.find(line, ARGV[at], 1, true) then return true end end
  return false
end
local function each(visit)
  local from = '-'
  while true do
    local page = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 500)
    for _, entry in ipairs(page) do visit(entry[1], entry[2]) end
    if #page < 500 then return end
    from = '(' .. page[#page][1]
  end
end
local found = false
each(function(id, fields) found = found or marked(fields[6]) end)
if not found then return 0 end
local gone = 0
redis.call('DEL', KEYS[2])
each(function(id, fields)
  if marked(fields[6]) then
    local lines = {}
    for line in string.gmatch(fields[6], '[^\\n]+') do
      if marked(line) then line = ARGV[1]; gone = gone + 1 end
      lines[#lines + 1] = line
    end
    fields[6] = table.concat(lines, '\\n')
  end
  redis.call('XADD', KEYS[2], id, unpack(fields))
end)
redis.call('RENAME', KEYS[2], KEYS[1])
return gone
"""
"""An entry cannot be changed: the stream is written anew under its own ids and counts, in one step for all others."""


class Stream:
    """The stream of this number, for whoever drains; `client` is a `redis.Redis`."""

    def __init__(self, number: int, client: Any) -> None:
        tag = f"personalize:{{{number}}}"
        self.name = f"{SINK}:{number}"
        self.facts, self.life, self.lease, self.copy = f"{tag}:facts", f"{tag}:life", f"{tag}:lease", f"{tag}:copy"
        self.client = client
        self._renew = client.register_script(RENEW)
        self._release = client.register_script(RELEASE)
        self._scrub = client.register_script(SCRUB)

    @contextmanager
    def alone(self, *, patience: float = 0.0) -> Iterator[str | None]:
        """Hold this stream's lease; gives its token, None where another holds it for longer than `patience` seconds.

        It only keeps drainers from doing the same work: that nothing is stored twice is the cursor's doing.
        """
        token, until = uuid4().hex, time.monotonic() + patience
        while not (got := self.client.set(self.lease, token, nx=True, px=LEASE_MS)) and time.monotonic() < until:
            time.sleep(0.02)
        try:
            yield token if got else None
        finally:
            if got:
                with suppress(RedisError):  # a server that is away lets go by itself
                    self._release(keys=[self.lease], args=[token])

    def drain(self, token: str) -> int:
        """Store what waits, for whoever holds the lease; return how many facts that were."""
        known: dict[str, Place | None] = {}
        stored = 0
        while entries := self.client.xrange(self.facts, count=ENTRIES):
            reach("after_read")
            done, facts = self._store(entries, known)
            stored += facts
            if done is not None:
                reach("before_trim")
                self.client.xtrim(self.facts, minid=_after(done), approximate=False)
                reach("after_trim")
            if done != entries[-1][0] or not self._renew(keys=[self.lease], args=[token, LEASE_MS]):
                break
        return stored

    def is_empty(self) -> bool:
        return not self.client.xlen(self.facts)

    def waiting(self) -> int:
        """Return how many facts lie here that no cursor has passed, and those that are missing among them."""
        edges = [*self.client.xrange(self.facts, count=1), *self.client.xrevrange(self.facts, count=1)]
        ends = {life: count for life, count, *_ in (_told(fields) for _, fields in edges)}
        if len(ends) > 1:
            for entries in self._pages():
                ends |= {life: count for life, count, *_ in (_told(fields) for _, fields in entries)}
        places = cursors.places([self._cursor(life) for life in ends])
        return sum(max(count - places.get(self._cursor(life), ("", 0))[1], 0) for life, count in ends.items())

    def scrub(self, needles: Sequence[bytes]) -> int:
        """Put a tombstone for every fact whose line holds one of `needles`; return how many those were."""
        return int(self._scrub(keys=[self.facts, self.copy], args=[TOMBSTONE, *needles]))

    def _pages(self) -> Iterator[list[Any]]:
        start = "-"
        while entries := self.client.xrange(self.facts, min=start, count=ENTRIES):
            yield entries
            start = _after(entries[-1][0])

    def _cursor(self, life: str) -> str:
        return f"{self.name}:{life}"

    def _store(self, entries: Sequence[Any], known: dict[str, Place | None]) -> tuple[bytes | None, int]:
        """Store these entries; return the id of the last one that is stored, and how many facts were."""
        done: bytes | None = None
        stored = 0
        try:
            for life, batch, last in self._batches(entries, known):
                if batch.position:
                    cursors.store(self._cursor(life), self._place(life, known), batch, sink=SINK)
                    known[life] = batch.position, batch.received
                    stored += len(batch.carried)
                done = last
        except Overtaken:
            logger.warning("stream_overtaken", extra={"stream": self.name})
        return done, stored

    def _batches(
        self, entries: Sequence[Any], known: dict[str, Place | None]
    ) -> Iterator[tuple[str, Batch, bytes | None]]:
        """Yield batches of one life each, and the last entry that is done with once the batch is stored."""
        batch: Batch | None = None
        at, last = "", None
        for entry, fields in entries:
            life, count, lines, past = _told(fields)
            try:
                carried = [Carried.read(line, 1) for line in lines]
            except Newer as found:
                logger.error("stream_newer", extra={"stream": self.name, "found": str(found)})
                break
            if batch is not None and (past or life != at or len(batch.carried) >= FACTS):
                yield at, batch, last
                batch = None
            if past is not None:
                yield past[0], self._missing(*past, known), last
            if batch is None:
                place = self._place(life, known)
                at, batch = life, Batch([], "", place[1] if place else 0)
            if count > batch.received:
                # Otherwise it is stored: a drainer was killed between its commit and its trim.
                batch.carried += carried
                batch.lost += count - batch.received - len(carried)
                batch.position, batch.received = entry.decode(), count
            last = entry
        if batch is not None:
            yield at, batch, last

    def _missing(self, life: str, count: int, known: dict[str, Place | None]) -> Batch:
        """Return what an earlier life had acknowledged, up to this count, and what is neither stored nor lies here."""
        position, received = self._place(life, known) or ("0", 0)
        return Batch([], position if count > received else "", count, lost=count - received)

    def _place(self, life: str, known: dict[str, Place | None]) -> Place | None:
        if life not in known:
            known[life] = cursors.places([self._cursor(life)]).get(self._cursor(life))
        return known[life]


def _told(fields: dict[bytes, bytes]) -> tuple[str, int, list[bytes], tuple[str, int] | None]:
    """Return an entry's life, its count, its lines, and what its writer last heard of an earlier life."""
    life, _, count = fields[b"past"].decode().partition(":")
    past = (life, int(count)) if life else None
    return fields[b"life"].decode(), int(fields[b"count"]), fields[b"facts"].split(b"\n"), past


def _after(entry: bytes) -> str:
    """Return the next id that there can be."""
    moment, _, number = entry.decode().partition("-")
    return f"{moment}-{int(number) + 1}"
