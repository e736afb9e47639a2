"""What lies in Redis about somebody goes with everything else."""

import pytest

from django_personalize.events import intake
from django_personalize.integrations import redis
from django_personalize.models import Event
from django_personalize.privacy.erase import erase
from django_personalize.privacy.person import of_visitor
from tests.integrations.test_redis import server, sink
from tests.people import visitor
from tests.privacy.canaries import dump, told

__all__ = ["server", "sink"]
pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


def held(server):
    """All that its streams hold."""
    keys = [key for key in server.cli("KEYS", "*").split() if server.cli("TYPE", key).strip() == "stream"]
    return "".join(server.cli("XRANGE", key, "-", "+") for key in keys)


def test_nothing_is_left_in_redis_and_the_sum_closes(sink, server, memory_shop):
    me, other = visitor("analytics"), visitor("analytics")
    sink.write([told(me.pk), told(other.pk)])
    sink.drain()
    sink.write([told(me.pk), told(other.pk)])
    assert me.pk.hex in held(server)
    erase(of_visitor(me.pk))
    sink.write([told(me.pk)])
    sink.drain()
    assert me.pk.hex not in held(server)
    assert me.pk.hex not in dump()
    assert set(Event.objects.values_list("visitor", flat=True)) == {other.pk}
    assert (intake.account().erased, intake.account().difference) == (2, 0)


def test_a_stream_that_another_drainer_keeps_is_said_to_be_missing(sink, server, memory_shop, monkeypatch):
    monkeypatch.setattr(redis, "PATIENCE", 0.0)
    me = visitor("analytics")
    sink.write([told(me.pk)])
    with sink.streams[me.pk.int % redis.STREAMS].alone():
        assert sink.drain() is False
    assert sink.drain() is True
    assert Event.objects.count() == 1
