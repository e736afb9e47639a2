"""One fit in a process of its own: `python -m django_personalize.training.child TRAINER SEED THREADS TOLD`.

Interactions come in on stdin, after their size, and factors go out on stdout, both as plain `.npy` streams. A
subprocess rather than multiprocessing, because Celery's prefork workers may not have multiprocessing children. It never
touches a database, says on the descriptor TOLD how far it is, and ends when the process that started it does: nobody
would take what it learns.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

import numpy as np

from django_personalize.core import loading
from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.protocols import Trainer
from django_personalize.exceptions import PersonalizeError, TrainerUnavailable

UNAVAILABLE = 3
SIZE = 8
"""Bytes that say how many of rows follow; stdin stays open after them."""


def fit(
    path: str,
    interactions: Interactions,
    *,
    seed: int,
    threads: int,
    progress: Callable[[int, int], None] | None = None,
    begun: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Factors:
    """Fit in a child process and return what came back; equal to fitting here, byte by byte, with one thread.

    `progress` is called with (done, total) epochs, and `begun` with the process, for whoever may want to end it.
    """
    rows = io.BytesIO()
    sizes = np.array([interactions.n_users, interactions.n_items])
    _write(rows, sizes, interactions.user, interactions.item, interactions.weight)
    hear, tell = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors, os.fdopen(hear) as heard:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "django_personalize.training.child", path, str(seed), str(threads), str(tell)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=errors,
                pass_fds=(tell,),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or "." for entry in sys.path)},
            )
        finally:
            os.close(tell)
        if begun is not None:
            begun(process)
        with process:
            given = process.stdin
            assert given is not None
            with suppress(BrokenPipeError):  # it ended at once, and says why
                given.write(rows.tell().to_bytes(SIZE, "little"))
                given.write(rows.getbuffer())
                given.flush()
            for line in heard:  # until it ends, and while its stdin stays open: it ends with this process
                if progress is not None:
                    done, _, total = line.partition("/")
                    progress(int(done), int(total))
            process.wait()
        out.seek(0)
        errors.seek(0)
        message = errors.read().decode(errors="replace").strip()
        if process.returncode == UNAVAILABLE:
            raise TrainerUnavailable(message.splitlines()[-1])
        if process.returncode:
            raise PersonalizeError(f"The fitting process ended with status {process.returncode}: {message[-2000:]}")
        vectors, biases = _read(out, 2)
    return Factors(vectors=vectors, biases=biases)


def _write(stream: IO[bytes], *arrays: np.ndarray) -> None:
    for array in arrays:
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)


def _read(stream: IO[bytes], n: int) -> list[np.ndarray]:
    return [np.lib.format.read_array(stream, allow_pickle=False) for _ in range(n)]


def _end_with_parent() -> None:
    """Die once stdin is closed, which the kernel does for a parent that was killed."""
    os.read(sys.stdin.fileno(), 1)  # past the buffer, whose lock would be held when this process ends by itself
    os._exit(1)


def main(path: str, seed: int, threads: int, tell: int) -> int:
    given = sys.stdin.buffer
    rows = given.read(int.from_bytes(given.read(SIZE), "little"))
    sizes, user, item, weight = _read(io.BytesIO(rows), 4)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    interactions = Interactions(n_users=int(sizes[0]), n_items=int(sizes[1]), user=user, item=item, weight=weight)
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # a trainer that prints must not tear the stream
    trainer: Trainer = loading.instance(path)
    told = os.fdopen(tell, "w", buffering=1)  # closed by the end of this process, which is what it means
    try:
        factors = trainer.fit(
            interactions, seed=seed, threads=threads, progress=lambda done, total: print(f"{done}/{total}", file=told)
        )
    except TrainerUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201
        return UNAVAILABLE
    _write(out, factors.vectors, factors.biases)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
