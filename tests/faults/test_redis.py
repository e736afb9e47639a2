"""Redis killed under load, and its drainer at each step: nothing acknowledged is lost or stored twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_personalize.integrations.redis import TIMEOUT
from tests.faults.test_failpoints import killed
from tests.processes import ROOT, environment, run
from tests.redis_server import RedisServer, needed

pytestmark = pytest.mark.redis
WRITE = """
import sys
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.testing.contracts import event
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    settings.sink.write([event(10 * number + n) for n in range(10)])
"""
LOAD = """
import json, sys, time
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.testing.contracts import event
end, number, worst = time.monotonic() + float(sys.argv[1]), 0, 0.0
settings.sink.write([event(0)])
print("writing", flush=True)
while time.monotonic() < end:
    number += 1
    start = time.monotonic()
    settings.sink.write([event(number)])
    worst = max(worst, time.monotonic() - start)
    time.sleep(0.001)
settings.sink.spool.spool.rotate()
print(json.dumps([number + 1, worst]))
"""
DRAIN = """
import django; django.setup()
from django_personalize.integrations import redis_stream
redis_stream.ENTRIES, redis_stream.FACTS, redis_stream.LEASE_MS = 3, 15, 500
from django_personalize.conf import settings
settings.sink.drain()
"""
ASKED = """
import json
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.events.intake import account
from django_personalize.models import Event
found = account()
print(json.dumps({"uids": sorted(uid.int for uid in Event.objects.values_list("uid", flat=True)),
    "difference": found.difference, "duplicate": found.duplicate, "waiting": found.waiting,
    "refused": found.refused, "spooled": settings.sink.spool.waiting()}))
"""


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    needed()
    with RedisServer(tmp_path, appendonly="yes", fsync=getattr(request, "param", "everysec")) as running:
        yield running


@pytest.fixture
def env(tmp_path: Path, server: RedisServer) -> dict[str, str]:
    found = environment(
        tmp_path,
        DJANGO_SETTINGS_MODULE="tests.faults.settings",
        PERSONALIZE_TEST_DRAIN="command",
        PERSONALIZE_TEST_SINK="django_personalize.integrations.redis.RedisSink",
        PERSONALIZE_TEST_REDIS=server.url,
    )
    run(["migrate", "--skip-checks", "-v", "0"], found)
    return found


def asked(env: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(ASKED, env))
    return found


@pytest.mark.parametrize(
    "failpoint", ["after_read:2", "before_commit:2", "after_commit", "before_trim:2", "after_trim"]
)
def test_a_drainer_killed_at_any_step_repeats_and_skips_nothing(env: dict[str, str], failpoint: str) -> None:
    for start in ("0", "6"):
        end = str(int(start) + 6)
        subprocess.run([sys.executable, "-c", WRITE, start, end], cwd=ROOT, env=env, capture_output=True, check=True)
    killed(DRAIN, env, failpoint)
    run(DRAIN, env)
    assert asked(env) == {
        "uids": list(range(120)), "difference": 0, "duplicate": 0, "waiting": 0, "refused": {}, "spooled": 0
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("server", ["everysec", "always"], indirect=True)
def test_a_server_killed_for_two_seconds_under_load_loses_nothing_and_stalls_nobody(
    env: dict[str, str], server: RedisServer
) -> None:
    load = subprocess.Popen([sys.executable, "-c", LOAD, "6"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert load.stdout is not None
    load.stdout.readline()
    time.sleep(1.5)
    server.kill()
    time.sleep(2.0)
    server.start()
    written, worst = json.loads(load.communicate()[0])
    before = asked(env)
    assert before["spooled"] > 0
    assert before["waiting"] == written
    run(DRAIN, env)
    found = asked(env)
    assert found["uids"] == list(range(written))
    assert (found["difference"], found["refused"], found["waiting"]) == (0, {}, 0)
    assert worst < 10 * TIMEOUT, f"{1000 * worst:.0f} ms"  # a busy machine adds to one wait of a page
    print(f"{written} written, the slowest in {1000 * worst:.1f} ms")


@pytest.mark.slow
def test_a_server_without_a_disk_that_is_killed_says_how_much_it_has_lost(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    with RedisServer(tmp_path / "bare", appendonly="no") as bare:
        env = env | {"PERSONALIZE_TEST_REDIS": bare.url}
        load = subprocess.Popen([sys.executable, "-c", LOAD, "4"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        assert load.stdout is not None
        load.stdout.readline()
        time.sleep(1.0)
        bare.kill()
        bare.start()
        written, _ = json.loads(load.communicate()[0])
        run(DRAIN, env)
        found = asked(env)
        [(reason, lost)] = found["refused"].items()
        assert reason == "lost_on_the_way"
        assert len(found["uids"]) + lost - found["duplicate"] == written
        assert found["difference"] == 0
