"""A test stand of real processes: a served shop that is told events, killed, started again, and counted."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from tests.processes import ROOT, environment, free_port, run

BATCH = 10
VISITORS = """
import json
from datetime import datetime, UTC
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.people import token, visitor
people = [visitor("analytics", answered_at=datetime.now(UTC)) for _ in range(%d)]
print(json.dumps([[token(each), each.browser.hex] for each in people]))
"""
STORED = """
import json
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.events.intake import account
from django_personalize.models import Event
deadline = __import__("time").monotonic() + 120
while hasattr(settings.sink, "drain") and settings.sink.waiting() and __import__("time").monotonic() < deadline:
    settings.sink.drain()
uids = [uid.hex for uid in Event.objects.values_list("uid", flat=True)]
found = account()
print(json.dumps({"uids": uids, "difference": found.difference, "waiting": found.waiting, "received": found.received,
    "stored": found.stored, "duplicate": found.duplicate, "quarantined": found.quarantined, "refused": found.refused}))
"""


@dataclass(slots=True)
class Told:
    """What a client was told is taken, and how long it waited."""

    acknowledged: set[str] = field(default_factory=set)
    """The ids that the facts have when they are stored, in hex."""
    refused: int = 0
    errors: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds of each answered request."""
    statuses: dict[int, int] = field(default_factory=dict)


class Stand:
    """One shop: its state on disk, its processes, its clients."""

    def __init__(
        self,
        state: Path,
        *,
        workers: int = 2,
        threads: int = 2,
        preload: bool = False,
        visitors: int = 40,
        **env: str,
    ) -> None:
        self.state = state
        self.env = environment(state, DJANGO_SETTINGS_MODULE="tests.faults.settings", **env)
        self.workers, self.threads, self.preload = workers, threads, preload
        self.people: list[tuple[str, UUID]] = [
            (cookie, UUID(hex=browser)) for cookie, browser in json.loads(run(VISITORS % visitors, self.env))
        ]
        self.port = free_port()
        self.web: subprocess.Popen[bytes] | None = None
        self.drainer: subprocess.Popen[bytes] | None = None
        self.told = Told()
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start_web(self) -> None:
        args = ["-m", "gunicorn", "example_shop.wsgi", "-b", f"127.0.0.1:{self.port}", "-w", str(self.workers)]
        args += ["-k", "gthread", "--threads", str(self.threads), "--graceful-timeout", "5", "--log-level", "error"]
        args += ["--preload"] if self.preload else []
        with (self.state / "web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, *args], cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        self.answering()

    def answering(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with (
                suppress(OSError),
                closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection,
            ):
                connection.request("GET", "/")
                connection.getresponse().read()
                return
            assert time.monotonic() < deadline, (self.state / "web.log").read_text()[-4000:]
            time.sleep(0.05)

    def start_drainer(self) -> None:
        with (self.state / "drain.log").open("ab") as log:
            self.drainer = subprocess.Popen(
                [sys.executable, "manage.py", "personalize_drain", "--follow"],
                cwd=ROOT, env=self.env, stdout=log, stderr=log,
            )  # fmt: skip

    def kill_web(self) -> None:
        """`kill -9` of the server and all its workers at one moment."""
        assert self.web is not None
        with suppress(ProcessLookupError):
            os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()

    def kill_worker(self, choice: random.Random) -> bool:
        """`kill -9` of one worker; the server starts another. False where none was there at this moment."""
        assert self.web is not None
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text().split()
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(int(choice.choice(children)), signal.SIGKILL)
        return True

    def kill_drainer(self) -> None:
        assert self.drainer is not None
        self.drainer.kill()
        self.drainer.wait()

    def tell(self, seconds: float | None = None, *, most: int | None = None, pause: float = 0.0) -> None:
        """Tell batches of ten events, one after the other, until time or number is up; noting each acknowledgement."""
        until = None if seconds is None else time.monotonic() + seconds
        choice = random.Random(threading.get_ident())
        connection: http.client.HTTPConnection | None = None
        told = 0
        while not self._stop.is_set() and (until is None or time.monotonic() < until) and (most is None or told < most):
            cookie, browser = choice.choice(self.people)
            events = [
                {"id": str(uuid4()), "name": "view_item", "ago": 0, "params": {"items": [{"item_id": str(n)}]}}
                for n in range(BATCH)
            ]
            began = time.monotonic()
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request(
                    "POST", "/personalize/events/", json.dumps({"events": events}),
                    {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", "Cookie": f"pz_vid={cookie}"},
                )  # fmt: skip
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = None
                with self._lock:
                    self.told.errors += 1
                time.sleep(0.02)
                continue
            self._note(response.status, body, events, browser, time.monotonic() - began)
            told += 1
            if pause:
                time.sleep(pause)
        if connection is not None:
            connection.close()

    def _note(self, status: int, body: bytes, events: list[dict[str, Any]], browser: UUID, waited: float) -> None:
        with self._lock:
            self.told.waits.append(waited)
            self.told.statuses[status] = self.told.statuses.get(status, 0) + 1
            if status == 204:
                self.told.acknowledged.update(uuid5(browser, f"{UUID(each['id'])}/0").hex for each in events)
            elif status == 200:
                assert json.loads(body)["stored"] == 0, body
            else:
                self.told.refused += 1

    def clients(self, number: int, **how: Any) -> list[threading.Thread]:
        threads = [threading.Thread(target=self.tell, kwargs=how, daemon=True) for _ in range(number)]
        for thread in threads:
            thread.start()
        return threads

    def stop(self) -> None:
        """End everything that runs."""
        self._stop.set()
        if self.web is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()
        if self.drainer is not None:
            self.drainer.kill()
            self.drainer.wait()

    def stored(self) -> dict[str, Any]:
        """Store what still waits, and return what there is."""
        found: dict[str, Any] = json.loads(run(STORED, self.env))
        return found

    def reckon(self) -> dict[str, Any]:
        """Compare what was acknowledged with what is stored; the figures."""
        found = self.stored()
        uids = found.pop("uids")
        return {
            "acknowledged": len(self.told.acknowledged),
            "lost": len(self.told.acknowledged - set(uids)),
            "twice": len(uids) - len(set(uids)),
            "statuses": self.told.statuses,
            "errors": self.told.errors,
            **found,
        }
