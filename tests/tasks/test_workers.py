"""A real worker on a real broker trains, and a web process that runs already serves what it learnt."""

from __future__ import annotations

import socket
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import need
from tests.processes import environment, get, run, running, until, web

FILL = "import django; django.setup(); from tests.small_shop import fill; fill()"
SEND = "import django; django.setup(); from example_shop.celery import app; app.send_task('personalize.train')"


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


@pytest.mark.parametrize(
    ("name", "port", "url"),
    [
        pytest.param("rabbitmq", 5672, "amqp://guest:guest@127.0.0.1:5672//", marks=pytest.mark.rabbitmq),
        pytest.param("redis", 6379, "redis://127.0.0.1:6379/9", marks=pytest.mark.redis),
    ],
)
def test_a_running_web_process_serves_what_a_worker_has_learnt(name, port, url, filled, tmp_path):
    need(name, listening(port), f"nothing listens on 127.0.0.1:{port}")
    (tmp_path / "db.sqlite3").write_bytes(filled.read_bytes())
    env = environment(tmp_path, CELERY_BROKER_URL=url, PERSONALIZE_TEST_QUEUE=f"personalize-test-{uuid4().hex}")
    worker = ["-m", "celery", "-A", "example_shop.celery", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    with web(env, tmp_path) as base:
        before = get(f"{base}/process/")
        assert (before["version"], before["loaded"]) == (None, [])
        with running(worker, env, tmp_path / "worker.log"):
            run(SEND, env)
            until(lambda: get(f"{base}/process/")["version"] is not None, 120, tmp_path / "worker.log")
        after = get(f"{base}/process/")
        assert after["loaded"] == []
        assert after["rung"] in {"neighbours", "factors", "ranker"}
