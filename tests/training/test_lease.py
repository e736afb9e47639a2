from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from django_personalize.core import clock
from django_personalize.exceptions import NotEnoughData, NothingNew, ShopError, TrainingRunning
from django_personalize.models import ModelVersion, TrainingRun
from django_personalize.models.training_run import Kind
from django_personalize.training import lease
from django_personalize.training.lease import hold

pytestmark = pytest.mark.django_db
FULL = {"kind": Kind.FULL, "asked_by": "command"}


def running(**changes):
    """Another process's training."""
    now = clock.now()
    values = {
        "kind": "full", "asked_by": "schedule", "host": "elsewhere", "pid": 7, "started_at": now, "beat_at": now,
        "as_of": now,
    }  # fmt: skip
    return TrainingRun.objects.create(**(values | changes))


def ended_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_that_ends_says_so_with_what_it_cost_and_its_steps(tmp_path, frozen):
    with hold(tmp_path, **FULL) as held:
        row = TrainingRun.objects.get()
        assert (row.status, row.host, row.pid) == ("running", lease._host(), os.getpid())
        held.tell("read", 0, 1)
        held.tell("factors", 1, 3)
        row.refresh_from_db()
        assert (row.stage, row.done, row.total) == ("factors", 1, 3)
        sum(range(200_000))
    row.refresh_from_db()
    assert (row.status, row.ended_at, row.why) == ("done", clock.now(), "")
    assert [stage for stage, _ in row.log] == ["read", "factors"]
    assert 0 < row.cpu_seconds < 10
    assert 0 < row.seconds < 10
    assert row.peak_bytes > 10_000_000


def test_within_a_second_only_a_new_stage_is_written(tmp_path, django_assert_num_queries):
    with hold(tmp_path, **FULL) as held:
        held.tell("factors", 1, 3)
        with django_assert_num_queries(0):
            held.tell("factors", 2, 3)
        with django_assert_num_queries(1):
            held.tell("measure", 0, 1)
        held._written -= lease.EVERY
        with django_assert_num_queries(1):
            held.tell("measure", 1, 1)


@pytest.mark.parametrize(
    ("error", "status", "why"),
    [
        (NotEnoughData("No order line."), "skipped", "No order line."),
        (NothingNew("Nothing."), "skipped", "Nothing."),
        (ShopError("a bad mapping"), "failed", "ShopError: a bad mapping"),
        (OperationalError("it went away"), "failed", "OperationalError: it went away"),
        (ValueError("of ann@example.com"), "failed", "ValueError in test_lease.py, line {line}."),
        (KeyboardInterrupt(), "failed", "KeyboardInterrupt in test_lease.py, line {line}."),
    ],
)
def test_how_it_ended_is_in_its_row_in_words(tmp_path, error, status, why):
    with pytest.raises(type(error)) as raised, hold(tmp_path, **FULL):
        raise error
    row = TrainingRun.objects.get()
    assert (row.status, row.why) == (status, why.format(line=raised.traceback[0].lineno + 1))
    with hold(tmp_path, **FULL):
        pass  # nothing stands in the way of the next


def test_while_another_host_trains_nobody_else_does(tmp_path):
    other = running()
    with pytest.raises(TrainingRunning, match=f"Run #{other.pk} on elsewhere, process 7, is training"):  # noqa: SIM117
        with hold(tmp_path, **FULL):
            raise AssertionError("two train")
    assert TrainingRun.objects.count() == 1


def test_a_run_of_another_host_that_says_nothing_for_three_minutes_is_dead(tmp_path, frozen):
    other = running()
    frozen(lease.LEASE)
    with pytest.raises(TrainingRunning), hold(tmp_path, **FULL):
        pass
    frozen(timedelta(seconds=1))
    with hold(tmp_path, **FULL):
        other.refresh_from_db()
        assert (other.status, other.ended_at) == ("dead", clock.now())
        assert other.why.startswith("It was killed, or its host went down: nothing was heard of it since 12:00:00")


@pytest.mark.parametrize("pid", [ended_pid, os.getpid], ids=["another process", "this process, as it was before"])
def test_a_run_of_this_host_whose_process_is_gone_is_dead_at_once(tmp_path, pid):
    other = running(host=lease._host(), pid=pid())
    with hold(tmp_path, **FULL):
        other.refresh_from_db()
        assert other.status == "dead"


def test_a_run_of_this_host_whose_process_lives_is_not_dead(tmp_path):
    running(host=lease._host(), pid=1)
    with pytest.raises(TrainingRunning), hold(tmp_path, **FULL):
        pass


def test_who_was_taken_for_dead_notices_and_its_row_stays_dead(tmp_path):
    with hold(tmp_path, **FULL) as held:
        TrainingRun.objects.update(status="dead")
        with pytest.raises(TrainingRunning, match="taken for dead"):
            held.tell("factors", 1, 3)
    assert TrainingRun.objects.get().status == "dead"


def test_a_database_that_is_away_is_no_reason_to_stop_learning(tmp_path, caplog):
    def away(execute, sql, params, many, context):
        raise DatabaseError("gone")

    with hold(tmp_path, **FULL) as held:
        with connection.execute_wrapper(away):
            held.tell("factors", 1, 3)
        assert "The training goes on" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_nobody_could_see_it_so_it_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), hold(tmp_path, **FULL):
        pass


def closing_for_good(work):
    """`work` in a thread; Django never closes a connection to a database in memory, which nobody has but tests."""

    def run(*args):
        try:
            work(*args)
        finally:
            if connection.connection is not None:
                connection.connection.close()

    return run


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_busy_says_that_it_lives(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "BEAT", 0.05)
    monkeypatch.setattr(lease.Lease, "_live", closing_for_good(lease.Lease._live))
    with hold(tmp_path, **FULL):
        first = TrainingRun.objects.get().beat_at
        waited = threading.Event()
        for _ in range(200):
            waited.wait(0.05)
            if TrainingRun.objects.get().beat_at > first:
                break
        assert TrainingRun.objects.get().beat_at > first


def test_a_training_takes_over_the_moment_of_one_that_did_not_end(tmp_path, frozen):
    with pytest.raises(ValueError, match="no"), hold(tmp_path, **FULL) as held:
        raise ValueError("no")
    frozen(timedelta(hours=1))
    with pytest.raises(NothingNew), hold(tmp_path, kind=Kind.REFRESH, asked_by="schedule"):
        raise NothingNew("a refresh has a moment of its own")
    with hold(tmp_path, **FULL) as again:
        assert again.run.as_of == held.run.as_of
    with hold(tmp_path, **FULL) as next_one:
        assert next_one.run.as_of == clock.now()


def test_a_moment_of_long_ago_is_not_taken_over(tmp_path, frozen):
    with pytest.raises(ValueError, match="no"), hold(tmp_path, **FULL):
        raise ValueError("no")
    frozen(lease.RESUMED + timedelta(seconds=1))
    with hold(tmp_path, **FULL) as held:
        assert held.run.as_of == clock.now()


def test_a_moment_that_a_refresh_has_overtaken_is_not_taken_over(tmp_path, frozen):
    with pytest.raises(ValueError, match="no"), hold(tmp_path, **FULL):
        raise ValueError("no")
    frozen(timedelta(minutes=10))
    ModelVersion.objects.create(
        status="live", directory="d", manifest_sha256="0" * 64, as_of=clock.now(), created_at=clock.now(),
        fingerprint="f", seconds=1,
    )  # fmt: skip
    with hold(tmp_path, **FULL) as held:
        assert held.run.as_of == clock.now()


def test_a_full_training_waits_for_a_refresh_and_a_refresh_for_nobody(tmp_path, monkeypatch):
    other = running(kind="refresh")
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            TrainingRun.objects.filter(pk=other.pk).update(status="done")

    monkeypatch.setattr(lease, "sleep", sleep)
    with pytest.raises(TrainingRunning), hold(tmp_path, kind=Kind.REFRESH, asked_by="schedule"):
        pass
    assert waited == []
    with hold(tmp_path, **FULL):
        assert waited == [lease.EVERY] * 3


def test_a_full_training_does_not_wait_for_ever(tmp_path, monkeypatch):
    running(kind="refresh")
    monkeypatch.setattr(lease, "PATIENCE", 0.0)
    with pytest.raises(TrainingRunning), hold(tmp_path, **FULL):
        pass


def test_the_newest_rows_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "KEPT", 2)
    for _ in range(4):
        with hold(tmp_path, **FULL) as held:
            pass
    assert [row.pk for row in TrainingRun.objects.all()] == [held.run.pk, held.run.pk - 1]
