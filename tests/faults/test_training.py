"""A training is killed at every step, and at any moment: the next one takes its place, fits nothing twice, and
publishes the very same bytes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import need
from tests.faults.servers import postgres, postgres_binaries
from tests.faults.training import COUNTED, FILL, SETTINGS, TAKES, TRAIN, fits
from tests.processes import ROOT, environment, run

AS_OF = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
FITS = 2
"""One to serve and one to be judged by; nobody said yes, so that there is nobody to fit a ranker on."""
RUNS = """
import json
import django; django.setup()
from django_personalize.models import ModelVersion, TrainingRun
print(json.dumps([list(TrainingRun.objects.order_by("pk").values_list("status", flat=True)),
    ModelVersion.objects.filter(status="live").count(), ModelVersion.objects.get(status="live").manifest_sha256]))
"""
FIT = """
import numpy as np
from django_personalize.core.arrays import Interactions
from django_personalize.training import child
none = np.zeros(1, dtype=np.int32)
job = Interactions(n_users=1, n_items=1, user=none, item=none, weight=np.ones(1, dtype=np.float32))
child.fit("tests.faults.training.Endless", job, seed=0, threads=1)
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the small shop's orders."""
    state = tmp_path_factory.mktemp("filled")
    env = environment(state)
    run(["migrate", "--skip-checks", "-v", "0"], env)
    run(FILL.format(until=AS_OF), env)
    return state / "db.sqlite3"


def stand(state: Path, filled: Path) -> dict[str, str]:
    state.mkdir(exist_ok=True)
    (state / "db.sqlite3").write_bytes(filled.read_bytes())
    return environment(state, **{"DJANGO_SETTINGS_MODULE": SETTINGS, COUNTED: str(state / "fits.txt")})


def train(env: dict[str, str], *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, *args],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, errors = process.communicate(timeout=120)
    return process.returncode, out + errors


@pytest.fixture(scope="module")
def never_killed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a training that nobody kills prints: its status, and the sha256 of its manifest."""
    env = stand(tmp_path_factory.mktemp("never"), filled)
    code, said = ended(train(env, AS_OF))
    assert code == 0, said
    assert fits(Path(env[COUNTED]).parent) == FITS
    return said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failpoint", "kept"),
    [
        ("before_fit_kept", 0),
        ("after_fit_kept", 1),
        ("before_fit_kept:2", 1),
        ("after_fit_kept:2", 2),
        ("before_version", 2),
        ("after_version", 2),
        ("after_promotion", 2),
    ],
)
def test_what_was_fitted_before_a_kill_is_not_fitted_again_and_the_bytes_are_the_same(
    failpoint: str, kept: int, filled: Path, never_killed: str, tmp_path: Path
) -> None:
    env = stand(tmp_path, filled)
    code, said = ended(train(env | {"PERSONALIZE_FAILPOINT": failpoint}, AS_OF))
    assert code == -signal.SIGKILL, said
    before = fits(tmp_path)
    code, said = ended(train(env))
    assert (code, said) == (0, never_killed)
    assert fits(tmp_path) - before == FITS - kept
    assert json.loads(run(RUNS, env)) == [["dead", "done"], 1, never_killed.split()[1]]
    assert sorted(path.name for path in (tmp_path / "artifacts").iterdir() if path.name == "fits") == []


@pytest.mark.slow
def test_killed_at_random_moments_the_training_is_done_in_the_end(
    filled: Path, never_killed: str, tmp_path: Path
) -> None:
    env = stand(tmp_path, filled)
    choice = random.Random(0)
    for _ in range(6):
        process = train(env, AS_OF)
        time.sleep(choice.uniform(0.6, 2.5))
        process.kill()
        ended(process)
    code, said = ended(train(env, AS_OF))
    assert (code, said) == (0, never_killed)
    _, live, digest = json.loads(run(RUNS, env))
    assert (live, digest) == (1, never_killed.split()[1])


def test_a_fit_in_a_process_of_its_own_ends_with_whoever_started_it(tmp_path: Path) -> None:
    env = environment(tmp_path, **{COUNTED: str(tmp_path / "pid")})
    parent = subprocess.Popen([sys.executable, "-c", FIT], cwd=ROOT, env=env)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert parent.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    while _lives(child):
        assert time.monotonic() < deadline, "the fit goes on without anybody to take it"
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.slow
@pytest.mark.postgres
def test_of_two_hosts_that_begin_in_the_same_moment_exactly_one_trains(tmp_path: Path) -> None:
    """Each with a disk of its own, so that only the row stands between them."""
    need("postgres", postgres_binaries() is not None, "install the server's package")
    with postgres(tmp_path) as server:
        address = {"DATABASE_URL": f"postgresql://postgres@127.0.0.1:{server.port}/postgres"}
        counted = {"DJANGO_SETTINGS_MODULE": SETTINGS, COUNTED: str(tmp_path / "fits.txt"), TAKES: "4"}
        hosts = [environment(tmp_path / name, **address, **counted) for name in ("one", "other")]
        for host in hosts:
            Path(host["PERSONALIZE_TEST_STATE"]).mkdir()
        run(["migrate", "--skip-checks", "-v", "0"], hosts[0])
        run(FILL.format(until=AS_OF), hosts[0])
        found = [ended(process) for process in [train(host, AS_OF) for host in hosts]]
        assert sorted(code for code, _ in found) == [0, 1], found
        (said,) = (told for code, told in found if code == 1)
        assert "is training; wait for it to end." in said
        assert fits(tmp_path) == FITS
        assert json.loads(run(RUNS, hosts[0]))[:2] == [["done"], 1]
