"""One round of the drainer: what waits is stored, and what is due now and then is done, by one process of the host."""

import os
import time
from datetime import timedelta

import pytest
from django.db import OperationalError

from django_personalize.core import clock, loading
from django_personalize.events import background, drain, spool
from django_personalize.models import Event
from django_personalize.testing.contracts import event
from tests.conftest import line

pytestmark = pytest.mark.django_db
done = []


def chore():
    done.append(1)


def broken():
    done.append("broken")
    raise LookupError("no")


@pytest.fixture
def chores(monkeypatch):
    """Only these chores, once a minute."""
    done.clear()
    monkeypatch.setattr(background, "CHORES", {f"{__name__}.broken": 60.0, f"{__name__}.chore": 60.0})


def test_a_round_stores_what_waits_and_does_each_chore_once_in_its_time(spooled, directory, chores, caplog):
    spooled.write([event(1)])
    assert background.once()
    assert background.once()
    assert (Event.objects.count(), done) == (1, ["broken", 1])
    assert [record.msg for record in caplog.records] == ["chore_failed"]
    hour_ago = time.time() - 61
    os.utime(directory / "chore.done", (hour_ago, hour_ago))
    background.once()
    assert done == ["broken", 1, 1]


def test_a_chore_is_done_again_where_the_clock_was_set_back(spooled, directory, chores):
    background.once()
    tomorrow = time.time() + 86_400
    os.utime(directory / "chore.done", (tomorrow, tomorrow))
    background.once()
    assert done == ["broken", 1, 1]


def test_while_another_process_drains_this_one_does_nothing(spooled, directory, chores):
    spooled.write([event(1)])
    with spool.alone(directory):
        assert not background.once()
    assert (Event.objects.count(), done) == (0, [])


def test_every_chore_that_is_named_exists():
    for path in background.CHORES:
        assert callable(loading.load(path))


def test_a_database_that_is_away_is_told_to_whoever_goes_on(spooled, chores, monkeypatch):
    spooled.write([event(1)])

    def away(directory):
        raise OperationalError("gone")

    with monkeypatch.context() as broken_one:
        broken_one.setattr(drain, "drain_here", away)
        with pytest.raises(OperationalError):
            background.once()
    background.once()
    assert Event.objects.count() == 1


def away():
    done.append("away")
    raise OperationalError("gone")


def test_a_chore_that_the_database_was_away_for_is_not_put_off_to_the_next_day(spooled, directory, monkeypatch):
    done.clear()
    monkeypatch.setattr(background, "CHORES", {f"{__name__}.away": 86_400.0, f"{__name__}.chore": 86_400.0})
    with pytest.raises(OperationalError):
        background.once()
    background.once()
    assert done == ["away", 1]  # it holds up no other one, and is not tried at every look
    mark = directory / "away.done"
    earlier = mark.stat().st_mtime - background.AGAIN_SECONDS
    os.utime(mark, (earlier, earlier))
    with pytest.raises(OperationalError):
        background.once()
    assert done == ["away", 1, "away"]


def test_an_order_that_a_kill_left_behind_is_found_by_the_sweep(spooled, memory_shop, frozen):
    memory_shop.orders = [line("1", "A", "1", placed_at=clock.now() - timedelta(hours=1))]
    background.once()
    assert list(Event.objects.values_list("kind", "transaction_id")) == [("purchase", "A")]
