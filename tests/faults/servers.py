"""Servers of a test's own, which it may stop, kill and fill: never those of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import free_port


def postgres_binaries() -> Path | None:
    """Where `initdb` and `pg_ctl` are; None where no PostgreSQL server is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).parent if named else None


class Postgres:
    """A cluster on a port of its own, run by a user who is not root."""

    def __init__(self, state: Path) -> None:
        binaries = postgres_binaries()
        assert binaries is not None
        self.binaries, self.data, self.port = binaries, state / "pg", free_port()
        self.data.mkdir(parents=True)
        if os.geteuid() == 0:
            for folder in (self.data, *self.data.parents):
                if folder.stat().st_uid == 0 and folder != Path("/") and "tmp" in folder.parts:
                    folder.chmod(folder.stat().st_mode | 0o011)
            shutil.chown(self.data, "postgres")
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "--no-sync")

    def _run(self, name: str, *args: str) -> None:
        command = [str(self.binaries / name), *args]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd="/")

    def start(self) -> None:
        options = f"-p {self.port} -k '' -c listen_addresses=127.0.0.1 -c max_connections=50"
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data / "log"), "-o", options, "start")

    def stop(self, how: str) -> None:
        """Stop it as `pg_ctl -m` does: fast, or immediate, which is a crash."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", how, "stop")


@contextmanager
def postgres(state: Path) -> Iterator[Postgres]:
    server = Postgres(state)
    server.start()
    try:
        yield server
    finally:
        try:
            server.stop("immediate")
        except subprocess.CalledProcessError:
            time.sleep(0.1)  # it was away already
