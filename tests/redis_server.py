"""A Redis server of a test's own, on a port below the ephemeral range: it may be stopped, killed and started again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.conftest import need
from tests.processes import free_port


def needed() -> None:
    need("redis", shutil.which("redis-server") is not None, "no redis-server to start")


class RedisServer:
    """Runs within `with`; `start` does nothing where it runs already."""

    def __init__(self, directory: Path, *, appendonly: str, fsync: str = "everysec") -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = ["--appendonly", appendonly, "--appendfsync", fsync, "--save", "", "--dir", str(directory)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.kill()

    def start(self) -> None:
        if self._process is not None:
            return
        args = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--loglevel", "warning"]
        self._process = subprocess.Popen([*args, *self._options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while self.cli("PING") != "PONG":
            assert time.monotonic() < deadline, f"redis-server does not answer on {self.port}"
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def cli(self, *args: str) -> str:
        done = subprocess.run(["redis-cli", "-p", str(self.port), *args], capture_output=True, text=True, check=False)
        return done.stdout.strip()
