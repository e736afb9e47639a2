from uuid import uuid4

import pytest

from django_personalize.events.sinks import DatabaseSink
from django_personalize.models import Event, Visitor
from django_personalize.testing.contracts import MOMENT, SinkContract, event
from django_personalize.testing.doubles import MemorySink


@pytest.mark.django_db
class TestDatabaseSink(SinkContract):
    @pytest.fixture
    def sink(self):
        return DatabaseSink()

    def test_facts_about_a_visitor_who_is_gone_are_left_out(self, sink):
        here = Visitor.objects.create(created_at=MOMENT, answered_at=MOMENT)
        assert sink.write([event(1, visitor_id=here.pk), event(2, visitor_id=uuid4()), event(3)]) == 2
        assert set(Event.objects.values_list("visitor_id", flat=True)) == {here.pk, None}


class TestMemorySink(SinkContract):
    @pytest.fixture
    def sink(self):
        return MemorySink()
