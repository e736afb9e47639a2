"""Fits on disk until what they were made for is published, so that a training that was killed need not fit again."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import tempfile
from inspect import getsourcefile
from pathlib import Path

import numpy as np

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.failpoints import reach
from django_personalize.core.protocols import Trainer

FITS = "fits"
"""The directory, below that of the published models."""
logger = logging.getLogger(__name__)


def name(job: Interactions, trainer: Trainer, *, seed: int, threads: int) -> str:
    """Return the name of a fit: equal where the rows, their weights at the cut, the seed and the trainer are equal.

    A trainer is what its classes' source files say and what its attributes hold.
    """
    digest = hashlib.sha256(f"{job.n_users} {job.n_items} {seed} {threads} {sorted(vars(trainer).items())}".encode())
    for kind in type(trainer).__mro__[:-1]:
        digest.update(f"\0{kind.__module__}.{kind.__qualname__}\0".encode())
        source = getsourcefile(kind)
        if source is not None:
            digest.update(Path(source).read_bytes())
    for column in (job.user, job.item, job.weight):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def read(directory: Path, fit: str) -> Factors | None:
    """Return the fit of this name; None where it is not there, or not whole."""
    try:
        content = (directory / fit).read_bytes()
    except FileNotFoundError:
        return None
    digest, payload = content[:32], content[32:]
    if hashlib.sha256(payload).digest() != digest:
        logger.warning("The fit %s is not whole on disk: it is made again.", fit[:12])
        return None
    stream = io.BytesIO(payload)
    vectors, biases = (np.lib.format.read_array(stream, allow_pickle=False) for _ in range(2))
    return Factors(vectors=vectors, biases=biases)


def write(directory: Path, fit: str, factors: Factors) -> None:
    """Keep a fit, whole or not at all."""
    stream = io.BytesIO()
    for array in (factors.vectors, factors.biases):
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    directory.mkdir(parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=".unfinished-", dir=directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(hashlib.sha256(stream.getbuffer()).digest())
        file.write(stream.getbuffer())
        file.flush()
        os.fsync(file.fileno())
    reach("before_fit_kept")
    Path(path).rename(directory / fit)
    reach("after_fit_kept")


def tidy(directory: Path) -> None:
    """Forget every fit; only the process that trains calls this."""
    shutil.rmtree(directory, ignore_errors=True)
