"""The Redis sink on a real server, which this module starts for itself and may stop, kill and start again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest

from django_personalize.conf import settings as ours
from django_personalize.core.types import (
    CountDraft,
    DecisionDraft,
    GoneDraft,
    ImpressionDraft,
    Reason,
    RefusalDraft,
    Slot,
)
from django_personalize.events import background, intake, lines
from django_personalize.events.intake import LOST
from django_personalize.integrations import redis as sinks
from django_personalize.integrations import redis_stream as streams
from django_personalize.integrations.redis_checks import check_redis, check_redis_server
from django_personalize.models import Cursor, DailyCount, Decision, Event, Impression, Intake
from django_personalize.testing.contracts import MOMENT, SinkContract, event
from tests.people import visitor
from tests.redis_server import RedisServer, needed

pytestmark = [pytest.mark.redis, pytest.mark.django_db]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    needed()
    with RedisServer(tmp_path_factory.mktemp("redis"), appendonly="no") as running:
        yield running


@pytest.fixture
def sink(server: RedisServer, settings, tmp_path) -> Iterator[sinks.RedisSink]:
    server.start()
    server.cli("FLUSHALL")
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "SINK": "django_personalize.integrations.redis.RedisSink",
        "REDIS": server.url,
        "SPOOL": str(tmp_path / "spool"),
        "DRAIN": "command",
    }
    made = ours.sink
    made.streams  # noqa: B018  of this address, whatever a test sets later
    yield made
    made.spool.spool.rotate()
    for stream in made.streams:
        stream.client.close()
    for link in made._links:
        link.close()


def entries(sink) -> list[dict[bytes, bytes]]:
    return [fields for stream in sink.streams for _, fields in stream.client.xrange(stream.facts)]


def told() -> dict[tuple[str, str], int]:
    return {(outcome, reason): n for outcome, reason, n in Intake.objects.values_list("outcome", "reason", "count")}


class TestRedisSink(SinkContract):
    @pytest.fixture
    def kept(self, sink):
        def stored() -> int:
            sink.drain()
            return Event.objects.count()

        return stored


def test_a_batch_is_one_entry_that_carries_the_running_count(sink):
    somebody = visitor("analytics")
    assert sink.write([event(1, visitor_id=somebody.pk), event(2, visitor_id=somebody.pk)]) == 2
    assert sink.write([event(3, visitor_id=somebody.pk)]) == 1
    first, second = entries(sink)
    assert (first[b"count"], second[b"count"]) == (b"2", b"3")
    assert first[b"facts"] == b"\n".join(lines.encode(event(n, visitor_id=somebody.pk)) for n in (1, 2))
    assert first[b"life"] == second[b"life"]
    assert sink.waiting() == 3


def test_what_waits_is_stored_once_and_leaves_the_stream(sink):
    sink.write([event(n) for n in range(25)])
    sink.drain()
    sink.drain()
    assert (Event.objects.count(), entries(sink), sink.waiting()) == (25, [], 0)
    assert told() == {("received", ""): 25, ("stored", ""): 25}
    assert intake.account().difference == 0


def test_decisions_and_impressions_come_through_whole(sink):
    somebody = visitor("personalization")
    slot = Slot(slot=1, item_key="7", source="neighbours", score=0.5, propensity=1.0, reason=Reason(code="popular"))
    decision = DecisionDraft(
        uid=UUID(int=5), visitor_id=somebody.pk, placement="p", decided_at=MOMENT, pipeline="similar", rung="popular",
        model_version=None, context=("ä\"',\\",), rules=(), experiment="", variant="", consent=(), slots=(slot,),
    )  # fmt: skip
    seen = ImpressionDraft(decision_id=UUID(int=5), slot=1, seen_at=MOMENT, visitor_id=somebody.pk)
    sink.write([decision])
    sink.write([seen])
    sink.drain()
    assert Decision.objects.get().context == ["ä\"',\\"]
    assert Impression.objects.get().item_key == "7"


def test_a_visitor_keeps_to_one_stream_and_visitors_spread(sink):
    sink.write([event(1, visitor_id=UUID(int=4)), event(2)])
    sink.write([event(3, visitor_id=UUID(int=8))])
    sink.write([event(4, visitor_id=UUID(int=5))])
    assert [stream.client.xlen(stream.facts) for stream in sink.streams] == [2, 1, 0, 0]


def test_what_has_no_id_goes_by_the_spool_where_it_cannot_come_twice(sink):
    counted = CountDraft(day=date(2026, 3, 1), kind="view_item", item_key="1", count=4)
    assert sink.write([event(1), counted, RefusalDraft(reason="too_old", count=2)]) == 5
    assert [fields[b"count"] for fields in entries(sink)] == [b"1"]
    assert sink.waiting() == 7
    sink.drain()
    assert DailyCount.objects.get().count == 4
    account = intake.account()
    assert (account.received, account.stored, account.refused, account.difference) == (7, 5, {"too_old": 2}, 0)


def test_facts_of_a_visitor_who_is_gone_are_erased_ones(sink):
    sink.write([event(1, visitor_id=uuid4()), event(2)])
    sink.drain()
    assert told() == {("received", ""): 2, ("erased", ""): 1, ("stored", ""): 1}


def test_scrubbing_leaves_a_tombstone_for_each_fact_and_all_others_as_they_were(sink):
    gone, stays = UUID(int=4_000), visitor("analytics", pk=UUID(int=8_000)).pk
    for number in range(0, 1_200, 2):
        sink.write([event(number, visitor_id=stays)])
    sink.write([event(1, visitor_id=gone), event(3, visitor_id=stays), event(5, visitor_id=gone)])
    sink.write([event(7, visitor_id=stays)])
    before = entries(sink)
    assert sink.scrub([gone.hex]) == 2
    assert sink.scrub([gone.hex]) == 0
    after = entries(sink)
    grave = lines.encode(GoneDraft(count=1))
    assert after[-2][b"facts"] == b"\n".join([grave, lines.encode(event(3, visitor_id=stays)), grave])
    assert [fields for fields in after if fields is not after[-2]] == [*before[:-2], before[-1]]
    assert sink.waiting() == 604
    sink.drain()
    assert told() == {("received", ""): 604, ("erased", ""): 2, ("stored", ""): 602}


def test_scrubbing_reaches_what_went_to_the_spool(sink):
    gone = uuid4()
    sink.spool.write([event(1, visitor_id=gone)])
    assert sink.scrub([gone.hex]) == 1


def test_a_server_that_hangs_costs_a_page_one_wait_a_second_and_the_spool_takes_over(sink, server, caplog):
    sink.write([event(0)])
    server.signal(signal.SIGSTOP)
    try:
        took, began, number = [], time.monotonic(), 0
        while time.monotonic() - began < 2.0:
            number += 1
            start = time.monotonic()
            assert sink.write([event(number)]) == 1
            took.append(time.monotonic() - start)
            time.sleep(0.002)
    finally:
        server.signal(signal.SIGCONT)
    waits = [record for record in caplog.records if record.message == "redis_not_writable"]
    assert 1 <= len(waits) <= 3
    assert max(took) < 10 * sinks.TIMEOUT  # a busy machine adds to one wait, but no wait is the drainer's of seconds
    time.sleep(1.1)
    sink.write([event(number + 1)])
    assert entries(sink)
    sink.drain()
    assert Event.objects.count() == number + 2
    assert intake.account().difference == 0


def test_a_server_that_is_away_is_asked_once_a_second(sink, server):
    server.kill()
    assert sink.write([event(1)]) == 1
    assert sink._failed
    assert sink.write([event(2)]) == 1
    assert sink.spool.waiting() == 2
    assert sink.waiting() == 2
    assert sink.scrub([uuid4().hex]) == 0
    sink.drain()
    assert Event.objects.count() == 2
    assert intake.account().difference == 0


def test_a_stream_that_holds_its_most_sends_the_rest_to_the_spool(sink, monkeypatch):
    monkeypatch.setattr(sinks, "MOST", 2)
    for number in range(4):
        sink.write([event(number)])
    assert (len(entries(sink)), sink.spool.waiting()) == (2, 2)


def test_a_server_without_memory_sends_all_to_the_spool(sink, server):
    sink.write([event(0)])
    server.cli("CONFIG", "SET", "maxmemory", "1")
    try:
        assert sink.write([event(1)]) == 1
    finally:
        server.cli("CONFIG", "SET", "maxmemory", "0")
    assert sink.spool.waiting() == 1
    sink.drain()
    assert (intake.account().stored, intake.account().difference) == (2, 0)


def test_what_the_server_lost_from_the_middle_is_told(sink):
    for number in range(4):
        sink.write([event(number)])
    stream = next(stream for stream in sink.streams if not stream.is_empty())
    second = stream.client.xrange(stream.facts)[1][0]
    stream.client.xdel(stream.facts, second)
    assert sink.waiting() == 4
    sink.drain()
    assert told() == {("received", ""): 4, ("stored", ""): 3, ("refused", LOST): 1}
    assert intake.account().difference == 0


def test_a_server_that_forgot_everything_begins_a_new_life_and_what_is_gone_is_told(sink, server):
    sink.write([event(1), event(2)])
    sink.drain()
    sink.write([event(3), event(4), event(5)])
    server.kill()
    server.start()  # nothing was on its disk
    sink.write([event(6)])  # by the spool: the connection was broken
    sink._resting_until = 0.0
    sink.write([event(7)])
    [entry] = entries(sink)
    assert (entry[b"count"], entry[b"past"].partition(b":")[2]) == (b"1", b"5")
    sink.drain()
    assert sorted(uid.int for uid in Event.objects.values_list("uid", flat=True)) == [1, 2, 6, 7]
    assert intake.account().refused == {LOST: 3}
    assert intake.account().difference == 0
    assert Cursor.objects.filter(name__startswith="redis:").count() == 2


def test_a_snapshot_that_comes_back_stores_nothing_twice_and_hides_nothing_new(sink, server):
    sink.write([event(1), event(2)])
    server.cli("SAVE")
    sink.drain()
    assert Event.objects.count() == 2
    server.kill()
    server.start()  # with the two that are stored
    sink._resting_until = 0.0
    sink.write([event(3)])
    sink._resting_until = 0.0
    sink.write([event(4)])
    assert [fields[b"count"] for fields in entries(sink)] == [b"2", b"1"]
    sink.drain()
    account = intake.account()
    assert (account.stored, account.duplicate, account.refused, account.difference) == (4, 0, {}, 0)
    (server.directory / "dump.rdb").unlink()


def test_a_later_versions_facts_stay_and_those_before_them_are_stored(sink):
    sink.write([event(1)])
    stream = next(stream for stream in sink.streams if not stream.is_empty())
    [(_, fields)] = stream.client.xrange(stream.facts)
    stream.client.xadd(stream.facts, {**fields, "count": 2, "facts": b'[3,"event",{}]'})
    sink.drain()
    sink.drain()
    assert Event.objects.count() == 1
    assert [fields[b"facts"] for fields in entries(sink)] == [b'[3,"event",{}]']


def test_what_cannot_be_read_is_set_aside(sink):
    sink.write([event(1)])
    stream = next(stream for stream in sink.streams if not stream.is_empty())
    [(_, fields)] = stream.client.xrange(stream.facts)
    stream.client.xadd(stream.facts, {**fields, "count": 2, "facts": b"no JSON"})
    sink.drain()
    account = intake.account()
    assert (account.stored, account.quarantined, account.difference) == (1, {"not_a_fact": 1}, 0)


def test_one_drains_a_stream_and_others_take_the_rest(sink):
    sink.write([event(1, visitor_id=visitor("analytics", pk=UUID(int=4)).pk)])
    sink.write([event(2, visitor_id=visitor("analytics", pk=UUID(int=5)).pk)])
    with sink.streams[0].alone() as token:
        assert token is not None
        assert sink.drain_free() is True
        assert set(Event.objects.values_list("uid", flat=True)) == {UUID(int=2)}
    assert sink.drain_free() is True
    assert Event.objects.count() == 2


def test_a_lease_ends_with_its_time_and_is_nobody_elses_to_give_back(sink, monkeypatch):
    monkeypatch.setattr(streams, "LEASE_MS", 30)
    stream = sink.streams[0]
    with stream.alone():
        with stream.alone() as second:
            assert second is None
        time.sleep(0.05)
        with stream.alone() as third:
            assert third is not None
    assert stream.client.get(stream.lease) is None


def test_a_drainer_that_was_overtaken_stores_nothing_twice(sink):
    sink.write([event(1), event(2)])
    stream = next(stream for stream in sink.streams if not stream.is_empty())
    page = stream.client.xrange(stream.facts)
    sink.drain()
    assert stream._store(page, {page[0][1][b"life"].decode(): None}) == (None, 0)
    assert told() == {("received", ""): 2, ("stored", ""): 2}


def test_what_an_entry_holds_that_was_stored_before_a_kill_is_only_taken_away(sink):
    sink.write([event(1), event(2)])
    stream = next(stream for stream in sink.streams if not stream.is_empty())
    page = stream.client.xrange(stream.facts)
    assert stream._store(page, {}) == (page[0][0], 2)
    sink.write([event(3)])
    sink.drain()
    assert told() == {("received", ""): 3, ("stored", ""): 3}


def test_threads_share_it(sink):
    def work(first: int) -> None:
        for number in range(first, first + 50):
            sink.write([event(number)])

    threads = [threading.Thread(target=work, args=(1_000 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sink.waiting(), sink.spool.waiting()) == (200, 0)
    sink.drain()
    assert Event.objects.count() == 200


def test_a_fork_has_connections_of_its_own(sink):
    sink.write([event(1)])
    child = os.fork()
    if child == 0:
        try:
            sink.write([event(2)])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    sink.write([event(3)])
    assert (sink.waiting(), sink.spool.waiting()) == (3, 0)


def problems(check) -> list[tuple[str, str]]:
    return [(message.id, message.msg) for message in check()]


def test_a_server_that_keeps_nothing_is_warned_about_and_a_good_one_is_not(sink, server):
    server.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    assert problems(check_redis_server) == [
        (
            "personalize.W009",
            "Redis drops facts that wait when its memory is full: its maxmemory-policy is allkeys-lru.",
        ),
        ("personalize.W010", "Redis forgets facts that wait when it is killed: appendonly is off."),
    ]
    server.cli("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.cli("CONFIG", "SET", "appendonly", "yes")
    try:
        assert problems(check_redis_server) == []
    finally:
        server.cli("CONFIG", "SET", "appendonly", "no")
    server.kill()
    [(code, message)] = problems(check_redis_server)
    assert code == "personalize.W008"
    assert message.endswith("does not answer (ConnectionError).")


def test_an_address_that_is_none_is_told_and_never_shown(sink, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "REDIS": "me:secret@redis:6379"}
    [(code, message)] = problems(check_redis)
    assert code == "personalize.E007"
    assert "secret" not in message
    assert problems(check_redis_server) == []


def test_no_other_sink_asks_for_redis(settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "REDIS": ""}
    assert problems(check_redis) == problems(check_redis_server) == []


@pytest.mark.django_db(transaction=True)  # it lets go of its connection
def test_whoever_drains_this_host_drains_redis_too(sink):
    sink.write([event(1)])
    sink.spool.write([event(2)])
    sink.spool.spool.rotate()
    assert background.once() is True
    assert Event.objects.count() == 2
