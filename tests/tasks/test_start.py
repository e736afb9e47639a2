"""A training that a door asks for: by a worker where a broker is set, else in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from django_personalize.tasks import start as starting
from django_personalize.tasks.start import start
from tests.processes import environment, run, until

FILL = "import django; django.setup(); from tests.small_shop import fill; fill()\n" + (
    "from django_personalize.capture.orders import reconcile; reconcile()"
)
START = "import django; django.setup(); from django_personalize.tasks.start import start; print(start('full'))"
LOADED = """
import django, sys; django.setup()
import django_personalize.admin, django_personalize.tasks.start
tops = {name.partition(".")[0] for name in sys.modules}
print(sorted(tops & {"lightfm", "scipy", "sklearn"}), "django_personalize.training" in sys.modules)
"""
RUNS = """
import json; import django; django.setup()
from django_personalize.models import TrainingRun
print(json.dumps([[run.kind, run.asked_by, run.status, run.version_id] for run in TrainingRun.objects.all()]))
"""


@pytest.fixture
def broker(monkeypatch):
    """A broker at this address; what is sent is noted."""
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append((name, options)))
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:6379/0", raising=False)
    return sent


def test_where_a_broker_is_set_a_worker_is_asked(broker):
    assert start("full") is True
    assert start("refresh") is True
    assert broker == [
        ("personalize.train", {"kwargs": {"asked_by": "admin"}, "retry": False}),
        ("personalize.refresh", {"kwargs": {"asked_by": "admin"}, "retry": False}),
    ]


@pytest.mark.parametrize("url", [None, "", "memory://"])
def test_without_a_broker_or_where_it_does_not_answer_a_process_is_started(broker, monkeypatch, url):
    def silent(name, **options):
        raise OperationalError("refused")

    begun = []
    monkeypatch.setattr(starting, "_spawn", begun.append)
    monkeypatch.setattr(current_app, "send_task", silent)
    assert start("full") is False
    monkeypatch.setattr(current_app.conf, "broker_url", url)
    assert start("refresh") is False
    assert [[str(word) for word in command] for command in begun] == [
        ["personalize_train", "--asked-by", "admin"],
        ["personalize_train", "--asked-by", "admin", "--refresh"],
    ]


@pytest.mark.slow
def test_the_process_outlives_whoever_started_it(tmp_path: Path) -> None:
    env = environment(tmp_path)
    run(["migrate", "--skip-checks", "-v", "0"], env)
    run(FILL, env)
    assert run(START, env) == "False\n"
    log = tmp_path / "artifacts" / "training.log"
    until(lambda: [row[2] for row in json.loads(run(RUNS, env))] == ["done"], 120, log)
    assert json.loads(run(RUNS, env)) == [["full", "admin", "done", 1]]
    assert "Model 1 is live" in log.read_text()


def test_a_web_process_that_may_start_one_loads_nothing_that_trains(tmp_path):
    assert run(LOADED, environment(tmp_path)) == "[] False\n"
