"""A real worker on a real broker trains, and a web process that runs already serves what it learnt."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import need
from tests.faults.training import COUNTED, SETTINGS, TAKES, fits
from tests.processes import environment, get, run, running, until, web

FILL = "import django; django.setup(); from tests.small_shop import fill; fill()"
SEND = "import django; django.setup(); from example_shop.celery import app; app.send_task('personalize.train')"

RUNS = """
import json; import django; django.setup()
from django_personalize.models import TrainingRun
fields = ("status", "task_id", "pid", "version__status")
print(json.dumps(list(TrainingRun.objects.order_by("pk").values_list(*fields))))
"""


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("filled")
    env = environment(state)
    run(["migrate", "--verbosity", "0"], env)
    run(FILL, env)
    return state / "db.sqlite3"


BROKERS = pytest.mark.parametrize(
    ("name", "port", "url"),
    [
        pytest.param("rabbitmq", 5672, "amqp://guest:guest@127.0.0.1:5672//", marks=pytest.mark.rabbitmq),
        pytest.param("redis", 6379, "redis://127.0.0.1:6379/9", marks=pytest.mark.redis),
    ],
)
WORKER = ["-m", "celery", "-A", "example_shop.celery", "worker", "--concurrency", "1", "--loglevel", "INFO"]


@BROKERS
def test_a_running_web_process_serves_what_a_worker_has_learnt(name, port, url, filled, tmp_path):
    need(name, listening(port), f"nothing listens on 127.0.0.1:{port}")
    (tmp_path / "db.sqlite3").write_bytes(filled.read_bytes())
    env = environment(tmp_path, CELERY_BROKER_URL=url, PERSONALIZE_TEST_QUEUE=f"personalize-test-{uuid4().hex}")
    with web(env, tmp_path) as base:
        before = get(f"{base}/process/")
        assert (before["version"], before["loaded"]) == (None, [])
        with running(WORKER, env, tmp_path / "worker.log"):
            run(SEND, env)
            until(lambda: get(f"{base}/process/")["version"] is not None, 120, tmp_path / "worker.log")
        after = get(f"{base}/process/")
        assert after["loaded"] == []
        assert after["rung"] in {"popular", "neighbours", "factors", "ranker"}


@pytest.mark.slow
@BROKERS
def test_a_training_whose_process_is_killed_is_delivered_again_and_fits_nothing_twice(
    name, port, url, filled, tmp_path
):
    need(name, listening(port), f"nothing listens on 127.0.0.1:{port}")
    (tmp_path / "db.sqlite3").write_bytes(filled.read_bytes())
    env = environment(
        tmp_path, CELERY_BROKER_URL=url, PERSONALIZE_TEST_QUEUE=f"personalize-test-{uuid4().hex}",
        DJANGO_SETTINGS_MODULE=SETTINGS, **{COUNTED: str(tmp_path / "fits.txt"), TAKES: "3"},
    )  # fmt: skip
    log = tmp_path / "worker.log"

    def rows():
        return json.loads(run(RUNS, env))

    with running(WORKER, env, log):
        run(SEND, env)
        until(lambda: fits(tmp_path) == 2, 120, log)  # the second is under way
        [[_, _, pid, _]] = rows()
        os.kill(pid, signal.SIGKILL)
        until(lambda: [row[0] for row in rows()] == ["dead", "done"], 120, log)
    (_, first, _, _), (_, second, _, live) = rows()
    assert (first, live) == (second, "live")
    assert fits(tmp_path) == 3  # one was kept, one was not done, and is fitted again
