"""A disk that is full, or takes nothing any more, and clocks that jump: what is acknowledged is stored once."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_personalize.conf import settings as ours
from django_personalize.events import spool
from django_personalize.events.intake import account
from django_personalize.events.sinks import SpoolSink
from django_personalize.models import Event
from django_personalize.testing.contracts import event
from tests.conftest import need

pytestmark = pytest.mark.django_db
SIZE = 64 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, which root can mount."""
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(tmp_path)], capture_output=True, check=False
        ).returncode
    )
    need("mount", bool(mounted), "a small disk is mounted as root")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
def sink(disk: Path, settings: Any) -> Iterator[SpoolSink]:
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "SINK": "django_personalize.events.sinks.SpoolSink",
        "SPOOL": str(disk / "spool"),
        "DRAIN": "command",
    }
    yield ours.sink
    ours.sink.spool.rotate()


def told(sink: SpoolSink, start: int, end: int) -> int:
    return sum(sink.write([event(10 * number + n) for n in range(10)]) for number in range(start, end))


def test_when_the_disk_is_full_the_database_takes_over_and_nothing_is_torn(sink: SpoolSink, disk: Path) -> None:
    assert told(sink, 0, 100) == 1_000
    stored = Event.objects.count()
    assert 0 < stored < 1_000  # the disk has taken some of them, and of the others nothing is left there
    for path in spool.segments(disk / "spool"):
        assert path.read_bytes().endswith(b"\n")
    sink.drain()
    sink.spool.rotate()
    sink.drain()
    assert told(sink, 100, 120) == 200
    sink.drain()
    assert Event.objects.count() == 1_200
    assert (account().received, account().stored, account().difference) == (1_200, 1_200, 0)


def test_a_disk_that_can_only_be_read_is_the_same(sink: SpoolSink, disk: Path) -> None:
    told(sink, 0, 3)
    sink.spool.rotate()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert told(sink, 3, 6) == 30
    assert Event.objects.count() == 30
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    told(sink, 6, 9)
    sink.drain()
    assert (Event.objects.count(), account().difference) == (90, 0)


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_jumps_a_day_loses_and_repeats_nothing(
    sink: SpoolSink, disk: Path, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sink, 0, 3)
    sink.drain()
    now, wall = time.time_ns, time.time
    monkeypatch.setattr(time, "time_ns", lambda: now() + jump * 10**9)
    monkeypatch.setattr(time, "time", lambda: wall() + jump)
    sink.spool.rotate()
    told(sink, 3, 6)
    sink.drain()
    monkeypatch.undo()
    sink.spool.rotate()
    told(sink, 6, 9)
    sink.drain()
    assert (Event.objects.count(), account().stored, account().difference) == (90, 90, 0)
