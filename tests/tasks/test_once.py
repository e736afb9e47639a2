"""How often a message is delivered, and how often it trains."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.exceptions import Retry
from django.db import InterfaceError, OperationalError

from django_personalize.core import clock
from django_personalize.exceptions import NotEnoughData, NothingNew, TrainingRunning
from django_personalize.models import TrainingRun
from django_personalize.tasks import once as delivering
from django_personalize.tasks.refresh import refresh
from django_personalize.tasks.train import train
from django_personalize.testing.override import override_personalize
from django_personalize.training import lease
from tests.conftest import line
from tests.training.test_lease import running

pytestmark = pytest.mark.django_db
MESSAGE = "a-message"


@pytest.fixture(autouse=True)
def _own_artefacts(tmp_path):
    with override_personalize(ARTIFACTS=str(tmp_path)):
        yield


@pytest.fixture
def sold(memory_shop):
    memory_shop.orders = [line("1", "A", "1"), line("2", "B", "2")]


def deliver(task, **kwargs):
    """Deliver the message as a worker does."""
    return task.apply(kwargs=kwargs, task_id=MESSAGE, throw=True).get()


def rows():
    return [(row.kind, row.status, row.task_id) for row in TrainingRun.objects.order_by("pk")]


def test_the_same_message_delivered_twice_trains_once(sold):
    assert deliver(train, asked_by="admin") is not None
    assert deliver(train, asked_by="admin") is None
    assert rows() == [("full", "done", MESSAGE), ("full", "skipped", MESSAGE)]
    assert TrainingRun.objects.first().why.endswith("has done what this message asks for: it was delivered twice.")


def test_the_schedule_trains_once_a_night_however_many_beats_there_are_and_the_admin_when_asked(sold, frozen):
    assert train() is not None
    assert train() is None
    assert TrainingRun.objects.first().why.endswith("has trained within the hour: the schedule asked twice.")
    assert train(asked_by="admin") is not None
    frozen(delivering.NIGHT)
    assert train() is not None


def test_a_message_whose_training_died_is_worked_on_again_and_given_up_the_fourth_time(sold):
    for times in (1, 2):
        running(task_id=MESSAGE, host=lease._host(), pid=2**22 + 1)
        lease._bury(clock.now())
        assert TrainingRun.objects.filter(status="dead").count() == times
    running(task_id=MESSAGE, host=lease._host(), pid=2**22 + 1)
    TrainingRun.objects.update(status="dead")
    assert deliver(train) is None
    assert "3 trainings that this message asked for were killed" in TrainingRun.objects.first().why
    TrainingRun.objects.filter(status="dead").first().delete()
    assert deliver(train) is not None


def test_a_message_that_is_worked_on_elsewhere_is_looked_at_again_later(sold, monkeypatch):
    running(task_id=MESSAGE)
    asked = {}

    def retry(**kwargs):
        asked.update(kwargs)
        return Retry()

    monkeypatch.setattr(train, "retry", retry)
    with pytest.raises(Retry):
        train.apply(task_id=MESSAGE, throw=True)
    assert asked["countdown"] == lease.LEASE.total_seconds()
    assert rows() == [("full", "running", MESSAGE)]


def test_another_messages_training_is_given_way_to(sold):
    running(task_id="another")
    assert deliver(train) is None
    assert deliver(refresh) is None


@pytest.mark.parametrize("task", [train, refresh])
@pytest.mark.parametrize("error", [NotEnoughData("too little"), NothingNew("nothing"), TrainingRunning("another")])
def test_what_trying_again_would_not_mend_is_not_tried_again(task, error):
    def fails(task_id):
        raise error

    assert delivering.once(task, "full", "schedule", fails) is None


@pytest.mark.parametrize("task", [train, refresh])
def test_trouble_with_the_database_is_waited_for_and_a_killed_workers_message_comes_again(task):
    assert {OperationalError, InterfaceError} <= set(task.autoretry_for)
    assert not any(issubclass(NotEnoughData, kind) for kind in task.autoretry_for)
    assert (task.acks_late, task.reject_on_worker_lost) == (True, True)
    assert task.retry_backoff == 10


def test_a_database_that_comes_back_is_tried_again(sold, monkeypatch):
    tries = []

    def reconcile():
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("the server closed the connection")

    monkeypatch.setattr("django_personalize.tasks.train.reconcile", reconcile)
    with pytest.raises(Retry):
        train.apply(task_id=MESSAGE, throw=True)
    assert tries == [1]


def test_a_refresh_by_the_worker_is_of_the_live_model(sold, memory_shop):
    night = train()
    assert refresh() is None
    memory_shop.orders = [*memory_shop.orders, line("3", "C", "3", placed_at=clock.now() - timedelta(minutes=1))]
    from django_personalize.capture.orders import reconcile

    reconcile()
    assert refresh() == night + 1
