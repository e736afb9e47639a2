"""Real processes for tests: a web server, a worker, a command; each killed when the test is over."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def environment(state: Path, **more: str) -> dict[str, str]:
    """What a process needs to see the same database and artefacts as the others of its test."""
    ours = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return ours | {
        "DJANGO_SETTINGS_MODULE": "tests.served_settings",
        "EXAMPLE_SHOP_DB": str(state / "db.sqlite3"),
        "PERSONALIZE_TEST_STATE": str(state),
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        **more,
    }


def free_port() -> int:
    """A port below the ephemeral range, so that no client's own port can ever be it."""
    for port in range(18_000, 18_500):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("No port between 18000 and 18500 is free.")


def run(code_or_args: str | list[str], env: dict[str, str]) -> str:
    """Run a management command (a list) or Python source (a text) to its end; its output, or the error with it."""
    args = ["-c", code_or_args] if isinstance(code_or_args, str) else ["manage.py", *code_or_args]
    done = subprocess.run(
        [sys.executable, *args], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(args: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, *args], cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def web(env: dict[str, str], state: Path) -> Iterator[str]:
    """A served shop; its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    args = ["manage.py", "runserver", "--noreload", "--skip-checks", f"127.0.0.1:{port}"]
    with running(args, env, state / "web.log"):
        until(lambda: get(f"{base}/process/") is not None, 60, state / "web.log")
        yield base


def get(url: str) -> Any:
    """The JSON at `url`; None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.loads(response.read())
    except OSError:
        return None


def until(holds: Callable[[], bool], seconds: float, log: Path) -> None:
    """Wait until `holds()`; fail with the log where it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s:\n{log.read_text()[-4000:]}"
        time.sleep(0.2)
