"""Have a training started from a door: by a worker, or where there is none by a process of its own.

It imports nothing that trains, so that a web process may use it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from celery import current_app
from django.conf import settings as django_settings
from kombu.exceptions import OperationalError

from django_personalize.conf import settings
from django_personalize.models.training_run import AskedBy, Kind

LOG = "training.log"
"""What a process that was started from the admin says, below `ARTIFACTS`."""


def start(kind: Kind) -> bool:
    """Have a training begin; True where a worker was asked, False where a process of this host does it.

    A broker that is set and does not answer is no reason to wait: then, too, a process is started.
    """
    if has_broker():
        try:
            name = "personalize.train" if kind == Kind.FULL else "personalize.refresh"
            current_app.send_task(name, kwargs={"asked_by": AskedBy.ADMIN.value}, retry=False)
        except OperationalError:
            pass
        else:
            return True
    _spawn(["personalize_train", "--asked-by", AskedBy.ADMIN, *(["--refresh"] if kind == Kind.REFRESH else [])])
    return False


def has_broker() -> bool:
    """Say whether the project names a broker that another process could read from."""
    url = current_app.conf.broker_url
    return bool(url) and not str(url).startswith("memory:")


def _spawn(command: list[str]) -> None:
    settings.ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with (settings.ARTIFACTS / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives the web process
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": django_settings.SETTINGS_MODULE,
                "PYTHONPATH": os.pathsep.join(entry or "." for entry in sys.path),
            },
        )
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie behind
