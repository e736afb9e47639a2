"""Draining by hand: what the spool holds becomes rows, each once, and the account closes at every step."""

import pytest
from django.db import OperationalError, connection

from django_personalize.core.types import CountDraft, RefusalDraft
from django_personalize.events import drain as draining
from django_personalize.events import store
from django_personalize.events.drain import drain, waiting
from django_personalize.events.intake import account
from django_personalize.events.lines import encode, framed
from django_personalize.events.spool import segments
from django_personalize.models import Cursor, DailyCount, Event, Quarantined
from django_personalize.testing.contracts import MOMENT, event
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def closed():
    found = account()
    assert found.difference == 0
    return found


def test_what_waits_is_stored_and_the_segment_goes_once_it_has_ended(spooled, directory):
    assert spooled.write([event(1), event(2)]) == 2
    assert (Event.objects.count(), spooled.waiting(), closed().waiting) == (0, 2, 2)
    spooled.drain()
    assert (Event.objects.count(), spooled.waiting()) == (2, 0)
    assert (closed().received, closed().stored) == (2, 2)
    assert len(segments(directory)) == Cursor.objects.count() == 1
    spooled.spool.rotate()
    spooled.drain()
    assert (segments(directory), Cursor.objects.count(), closed().stored) == ([], 0, 2)


def test_it_goes_on_where_it_was(spooled, monkeypatch):
    monkeypatch.setattr(draining, "LINES", 3)
    for number in range(10):
        spooled.write([event(number)])
        spooled.drain()
    spooled.write([event(number) for number in range(10, 20)])
    spooled.drain()
    assert (Event.objects.count(), closed().received, closed().stored) == (20, 20, 20)


def test_what_is_told_again_is_a_duplicate(spooled):
    spooled.write([event(1), event(2)])
    spooled.write([event(2), event(2), event(3)])
    spooled.drain()
    assert (Event.objects.count(), closed().stored, closed().duplicate, closed().received) == (3, 3, 2, 5)


def test_counts_and_refusals_travel_the_same_way(spooled):
    spooled.write(
        [
            CountDraft(day=MOMENT.date(), kind="view_item", item_key="1", count=3),
            CountDraft(day=MOMENT.date(), kind="view_item", item_key="1", count=2),
            RefusalDraft(reason="unknown_item", count=4),
        ]
    )
    assert closed().waiting == 9
    spooled.drain()
    assert DailyCount.objects.get().count == 5
    assert (closed().refused, closed().stored, closed().received) == ({"unknown_item": 4}, 5, 9)


def test_a_line_that_says_nothing_is_as_many_facts_as_its_writer_counted(spooled):
    odd = b'[1,"count",{"day":"2026-03-01","kind":"view_item","scope":"' + b"x" * 40 + b'","count":17}]'
    spooled.spool.append([(odd, 17), (encode(event(1)), 1)])
    assert closed().waiting == 18
    spooled.drain()
    assert (closed().quarantined, closed().stored, closed().received) == ({"bad_field": 17}, 1, 18)


def test_lines_that_were_cut_out_of_a_file_are_told(spooled, directory):
    for number in range(4):
        spooled.write([event(number)])
    [path] = segments(directory)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[3])
    spooled.drain()
    assert (closed().refused, closed().stored, closed().received) == ({"lost_on_the_way": 2}, 2, 4)


def test_a_batch_that_the_database_does_not_take_waits(spooled, monkeypatch):
    spooled.write([event(1)])

    def away(*args, **kwargs):
        raise OperationalError("the server is gone")

    with monkeypatch.context() as broken:
        broken.setattr(store, "insert_events", away)
        with pytest.raises(OperationalError):
            spooled.drain()
    assert (closed().waiting, Event.objects.count(), Quarantined.objects.count()) == (1, 0, 0)
    spooled.drain()
    assert (closed().waiting, closed().stored) == (0, 1)


def test_tables_that_are_not_migrated_yet_keep_everything_waiting(spooled):
    spooled.write([event(1)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE personalize_event RENAME COLUMN device TO gadget")
    with pytest.raises(Exception, match="device"):
        spooled.drain()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE personalize_event RENAME COLUMN gadget TO device")
    assert (closed().waiting, Quarantined.objects.count()) == (1, 0)
    spooled.drain()
    assert closed().stored == 1


def written(spooled, *data):
    """Put these bytes behind what stands in the running segment."""
    [path] = segments(spooled.spool.directory)
    with path.open("ab") as file:
        file.write(b"".join(data))


def test_what_a_later_version_wrote_stays_until_that_version_reads_it(spooled, directory):
    spooled.write([event(1)])
    written(spooled, framed(b'[3,"event",{}]', 2), framed(encode(event(3)), 3))
    spooled.spool.rotate()
    spooled.drain()
    assert drain(directory).newer == 1
    assert (Event.objects.count(), len(segments(directory)), closed().waiting) == (1, 1, 2)


def test_a_torn_tail_was_never_acknowledged_and_is_nobodys(spooled, directory):
    spooled.write([event(1)])
    written(spooled, framed(encode(event(2)), 2)[:-20])
    spooled.spool.rotate()
    spooled.drain()
    assert (segments(directory), closed().received, closed().stored) == ([], 1, 1)


def test_a_line_that_was_altered_is_set_aside_and_counted_by_what_follows(spooled, directory):
    spooled.write([event(1)])
    spooled.write([RefusalDraft(reason="bad_id", count=5)])
    spooled.write([event(2)])
    [path] = segments(directory)
    path.write_bytes(path.read_bytes().replace(b"bad_id", b"bad_ix"))
    spooled.drain()
    assert (closed().received, closed().stored, closed().quarantined) == (7, 2, {"bad_checksum": 5})


def test_altered_lines_at_the_end_wait_for_what_follows_or_for_the_end(spooled, directory):
    spooled.write([event(1), event(2)])
    [path] = segments(directory)
    path.write_bytes(path.read_bytes()[:-10] + b"?" * 9 + b"\n")
    spooled.drain()
    assert (closed().stored, closed().quarantined, closed().waiting) == (1, {}, 0)
    spooled.spool.rotate()
    spooled.drain()
    assert (closed().received, closed().stored, closed().quarantined) == (2, 1, {"bad_checksum": 1})
    assert segments(directory) == []


def test_rubbish_without_an_end_does_not_stop_the_others(spooled, directory, monkeypatch):
    monkeypatch.setattr(draining, "READ", 4_000)
    directory.mkdir(parents=True)
    (directory / "00000000000000000001-1-x.facts").write_bytes(b"?" * 9_000 + b"\n" + framed(encode(event(1)), 1))
    spooled.write([event(2)])
    for _ in range(3):
        spooled.drain()
    assert (Event.objects.count(), closed().stored) == (2, 2)
    assert len(segments(directory)) == 1


def test_a_bad_fact_costs_its_neighbours_nothing(spooled):
    spooled.write([event(1)])
    written(spooled, framed(b'[1,"event",{"uid":"x"}]', 2), framed(b"[]", 3), framed(encode(event(4)), 4))
    spooled.drain()
    assert Event.objects.count() == 2
    assert closed().quarantined == {"bad_field": 1, "not_a_fact": 1}


def test_somebody_who_overtook_is_noticed_and_nothing_is_done_twice(spooled, directory, monkeypatch):
    spooled.write([event(1)])
    spooled.drain()
    spooled.write([event(2)])
    stale = draining._cursors(segments(directory))
    spooled.drain()
    with monkeypatch.context() as late:
        late.setattr(draining, "_cursors", lambda paths: stale)
        drain(directory)
    assert (Event.objects.count(), closed().received, closed().duplicate) == (2, 2, 0)


def test_while_one_drains_another_leaves_it_alone(spooled, directory):
    spooled.write([event(1)])
    with spooled.standing_still():
        assert drain(directory) is None
        assert waiting(directory) == 1
    assert drain(directory).facts == 1


def test_the_account_can_be_asked_for_every_day(spooled, frozen):
    spooled.write([event(1, occurred_at=NOON)])
    spooled.drain()
    assert closed().stored == 1
