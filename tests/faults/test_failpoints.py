"""Each step of a fact's way is hit by `kill -9` once, on purpose: nothing acknowledged is lost or stored twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, environment, run

WRITE = """
import sys
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.testing.contracts import event
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    settings.sink.write([event(10 * number + n) for n in range(10)])
    print(number, flush=True)
settings.sink.spool.rotate()
"""
DRAIN = """
import django; django.setup()
from django_personalize.events import drain
drain.LINES = 15
from django_personalize.conf import settings
settings.sink.drain()
"""
ASKED = """
import json
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.events.intake import account
from django_personalize.events.spool import segments
from django_personalize.models import Event
found = account()
print(json.dumps([sorted(uid.int for uid in Event.objects.values_list("uid", flat=True)), found.difference,
    found.stored, found.duplicate, found.waiting, found.received, len(segments(settings.SPOOL))]))
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    found = environment(tmp_path, DJANGO_SETTINGS_MODULE="tests.faults.settings", PERSONALIZE_TEST_DRAIN="command")
    run(["migrate", "--skip-checks", "-v", "0"], found)
    return found


def killed(code: str, env: dict[str, str], failpoint: str, *args: str) -> str:
    """Run until the process is killed at that place; what it had printed by then."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, env=env | {"PERSONALIZE_FAILPOINT": failpoint},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, (done.returncode, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize(
    "failpoint", ["before_open", "before_birth", "before_write:3", "after_write:3", "before_close"]
)
def test_a_writer_killed_at_any_step_loses_nothing_that_it_acknowledged(env: dict[str, str], failpoint: str) -> None:
    acknowledged = [int(line) for line in killed(WRITE, env, failpoint, "0", "5").split()]
    done = subprocess.run([sys.executable, "-c", WRITE, "5", "8"], cwd=ROOT, env=env, capture_output=True, check=True)
    acknowledged += [int(line) for line in done.stdout.split()]
    run(DRAIN, env)
    stored, difference, count, duplicate, waiting, received, left = json.loads(run(ASKED, env))
    told = {10 * number + n for number in acknowledged for n in range(10)}
    assert told <= set(stored)
    assert len(stored) == len(set(stored)) == count == received
    # What was written and not yet acknowledged may be there, whole or not at all.
    assert len(set(stored) - told) in (0, 10)
    assert (difference, duplicate, waiting, left) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "failpoint", ["before_commit", "before_commit:3", "after_commit", "after_commit:2", "before_unlink", "after_unlink"]
)
def test_a_drainer_killed_at_any_step_repeats_and_skips_nothing(env: dict[str, str], failpoint: str) -> None:
    for start in ("0", "5"):
        end = str(int(start) + 5)
        subprocess.run([sys.executable, "-c", WRITE, start, end], cwd=ROOT, env=env, capture_output=True, check=True)
    killed(DRAIN, env, failpoint)
    run(DRAIN, env)
    stored, difference, count, duplicate, waiting, received, left = json.loads(run(ASKED, env))
    assert stored == list(range(100))
    assert (difference, count, duplicate, waiting, received, left) == (0, 100, 0, 0, 100, 0)
