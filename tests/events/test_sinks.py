import os
from uuid import uuid4

import pytest

from django_personalize.events import sinks
from django_personalize.events.intake import account
from django_personalize.events.sinks import DatabaseSink
from django_personalize.events.spool import segments
from django_personalize.exceptions import SpoolFull
from django_personalize.models import Event, Visitor
from django_personalize.testing.contracts import MOMENT, SinkContract, event
from django_personalize.testing.doubles import MemorySink
from django_personalize.testing.override import override_personalize


@pytest.mark.django_db
class TestDatabaseSink(SinkContract):
    @pytest.fixture
    def sink(self):
        return DatabaseSink()

    @pytest.fixture
    def kept(self):
        return Event.objects.count

    def test_facts_about_a_visitor_who_is_gone_are_left_out(self, sink):
        here = Visitor.objects.create(created_at=MOMENT, answered_at=MOMENT)
        assert sink.write([event(1, visitor_id=here.pk), event(2, visitor_id=uuid4()), event(3)]) == 2
        assert set(Event.objects.values_list("visitor_id", flat=True)) == {here.pk, None}
        assert (account().erased, account().difference) == (1, 0)

    def test_it_says_what_was_new(self, sink):
        assert (sink.write([event(1), event(2)]), sink.write([event(2), event(3)])) == (2, 1)


@pytest.mark.django_db
class TestSpoolSink(SinkContract):
    @pytest.fixture
    def sink(self, spooled):
        return spooled

    @pytest.fixture
    def kept(self, spooled):
        def stored():
            spooled.drain()
            return Event.objects.count()

        return stored

    def test_a_page_asks_no_database(self, sink, django_assert_num_queries):
        with django_assert_num_queries(0):
            sink.write([event(number) for number in range(50)])

    def test_where_the_disk_takes_nothing_the_database_does(self, sink, monkeypatch, directory):
        def full(fd, data):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr(os, "write", full)
            assert sink.write([event(1)]) == 1
        assert (Event.objects.count(), account().stored, account().difference) == (1, 1, 0)
        sink.write([event(2)])
        sink.drain()
        assert Event.objects.count() == 2

    def test_a_directory_that_cannot_be_written_is_the_same(self, sink, directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.write_text("a file where the directory should be")
        assert sink.write([event(1)]) == 1
        assert Event.objects.count() == 1
        directory.unlink()

    def test_more_than_may_wait_is_refused_and_nothing_is_taken(self, sink, directory):
        with override_personalize(SPOOL_BYTES=300):
            small = sinks.SpoolSink()
            small.write([event(1), event(2), event(3)])
            with pytest.raises(SpoolFull):
                small.write([event(4), event(5)])
        with override_personalize(SPOOL_BYTES=3_000):
            small.spool.most_bytes = 3_000
            small.write([event(6)])
        sink.drain()
        assert (Event.objects.count(), account().refused, account().difference) == (4, {"spool_full": 2}, 0)

    def test_what_lies_here_about_somebody_can_be_blanked(self, sink, directory):
        me, other = Visitor.objects.create(created_at=MOMENT, answered_at=MOMENT), uuid4()
        sink.write([event(1, visitor_id=me.pk), event(2, visitor_id=other), event(3)])
        assert sink.scrub([me.pk.hex]) == 1
        assert me.pk.hex.encode() not in b"".join(path.read_bytes() for path in segments(directory))
        sink.drain()
        assert Event.objects.count() == 1
        assert (account().erased, account().stored, account().difference) == (2, 1, 0)


class TestMemorySink(SinkContract):
    @pytest.fixture
    def sink(self):
        return MemorySink()

    @pytest.fixture
    def kept(self, sink):
        return lambda: len(sink.stored)
