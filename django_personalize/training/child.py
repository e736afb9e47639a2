"""One fit in a process of its own: `python -m django_personalize.training.child TRAINER SEED THREADS`.

Interactions come in on stdin and factors go out on stdout, both as plain `.npy` streams. A subprocess rather than
multiprocessing, because Celery's prefork workers may not have multiprocessing children. It never touches a database.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import IO

import numpy as np

from django_personalize.core import loading
from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.protocols import Trainer
from django_personalize.exceptions import PersonalizeError, TrainerUnavailable

UNAVAILABLE = 3


def fit(path: str, interactions: Interactions, *, seed: int, threads: int) -> Factors:
    """Fit in a child process and return what came back; equal to fitting here, byte by byte, with one thread."""
    given = io.BytesIO()
    _write(
        given,
        np.array([interactions.n_users, interactions.n_items]),
        interactions.user,
        interactions.item,
        interactions.weight,
    )
    done = subprocess.run(
        [sys.executable, "-m", "django_personalize.training.child", path, str(seed), str(threads)],
        input=given.getvalue(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or "." for entry in sys.path)},
        check=False,
    )
    message = done.stderr.decode(errors="replace").strip()
    if done.returncode == UNAVAILABLE:
        raise TrainerUnavailable(message.splitlines()[-1])
    if done.returncode:
        raise PersonalizeError(f"The fitting process ended with status {done.returncode}: {message[-2000:]}")
    vectors, biases = _read(io.BytesIO(done.stdout), 2)
    return Factors(vectors=vectors, biases=biases)


def _write(stream: IO[bytes], *arrays: np.ndarray) -> None:
    for array in arrays:
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)


def _read(stream: IO[bytes], n: int) -> list[np.ndarray]:
    return [np.lib.format.read_array(stream, allow_pickle=False) for _ in range(n)]


def main(path: str, seed: int, threads: int) -> int:
    sizes, user, item, weight = _read(io.BytesIO(sys.stdin.buffer.read()), 4)
    interactions = Interactions(n_users=int(sizes[0]), n_items=int(sizes[1]), user=user, item=item, weight=weight)
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # a trainer that prints must not tear the stream
    trainer: Trainer = loading.instance(path)
    try:
        factors = trainer.fit(interactions, seed=seed, threads=threads)
    except TrainerUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201
        return UNAVAILABLE
    _write(out, factors.vectors, factors.biases)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
