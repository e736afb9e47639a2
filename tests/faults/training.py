"""Processes that train on a small shop, and count what they fit."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django_personalize.testing.doubles import SingularTrainer

SETTINGS = "tests.faults.training_settings"
COUNTED = "PERSONALIZE_TEST_FITS"
TAKES = "PERSONALIZE_TEST_FIT_SECONDS"
TRAIN = """
import sys
from datetime import datetime
import django; django.setup()
from django_personalize.training.run import train
version = train(as_of=datetime.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else None)
print(version.status, version.manifest_sha256)
"""
"""Trains as of its first argument, or without one as of whenever the lease says."""
FILL = """
import django; django.setup()
from datetime import datetime
import sys
from tests.small_shop import fill
from django_personalize.capture.orders import reconcile
fill(until=datetime.fromisoformat("{until}"))
reconcile()
"""


class Counting(SingularTrainer):
    """Notes each fit in the file that the environment names, a line a fit, and takes as long as it says."""

    def fit(self, interactions, *, seed, threads, progress=None):
        with Path(os.environ[COUNTED]).open("a") as file:
            file.write("fit\n")
        time.sleep(float(os.environ.get(TAKES, 0)))
        return super().fit(interactions, seed=seed, threads=threads, progress=progress)


class Endless(SingularTrainer):
    """Says which process it is, and never ends."""

    def fit(self, interactions, *, seed, threads, progress=None):
        Path(os.environ[COUNTED]).write_text(str(os.getpid()))
        while True:
            time.sleep(0.05)


def fits(state: Path) -> int:
    counted = state / "fits.txt"
    return len(counted.read_text().splitlines()) if counted.exists() else 0
