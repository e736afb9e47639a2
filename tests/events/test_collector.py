import logging

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.events import collector
from django_personalize.testing.contracts import event
from django_personalize.testing.override import override_personalize


class BrokenSink:
    def write(self, batch):
        raise OSError("disk full")


def test_a_request_has_one_collector():
    request = HttpRequest()
    assert collector.collector_of(request) is collector.collector_of(request)


def test_a_flush_writes_what_was_gathered_once():
    with override_personalize(SINK="django_personalize.testing.doubles.MemorySink"):
        gathered = collector.Collector()
        gathered.add(event(1))
        assert gathered.flush() == 1
        assert gathered.flush() == 0
        assert settings.sink.kinds == ["view_item"]


def test_what_passes_the_limit_is_counted_and_dropped(monkeypatch, caplog):
    monkeypatch.setattr(collector, "LIMIT", 2)
    with override_personalize(SINK="django_personalize.testing.doubles.MemorySink"):
        gathered = collector.Collector()
        for number in range(5):
            gathered.add(event(number))
        assert gathered.flush() == 2
        assert settings.sink.refused == {"over_limit": 3}
    [record] = caplog.records
    assert (record.msg, record.reason, record.count) == ("facts_dropped", "over_limit", 3)


def test_a_sink_that_fails_is_counted_and_does_not_raise(caplog):
    with override_personalize(SINK=f"{__name__}.BrokenSink"), caplog.at_level(logging.ERROR):
        gathered = collector.Collector()
        gathered.add(event(1))
        assert gathered.flush() == 0
    [record] = caplog.records
    assert (record.reason, record.count) == ("sink_failed", 1)
