"""Several independent fits, two at a time where that pays, and never a different answer because of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from django_personalize.conf import settings
from django_personalize.core import loading
from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.protocols import Trainer
from django_personalize.exceptions import TrainerUnavailable
from django_personalize.training import child, kept

LARGE = 20_000
"""Entries from which a process of its own is worth its start."""
PARTS = 100
"""A fit is done by percents."""
EVERY = 1.0
"""Seconds between two words of how far the fits in processes of their own are."""


class Fits:
    """Starts its fits at once and hands each over when asked; a context manager, for the threads that wait on children.

    Each child uses one thread unless `threads` says more. Small or single fits run here, when asked for. With a
    directory in `keep`, what is there already is not fitted again, and what is fitted is kept there.
    """

    def __init__(
        self,
        jobs: Sequence[Interactions],
        *,
        seed: int,
        threads: int,
        progress: Callable[[str, int, int], None] | None = None,
        keep: Path | None = None,
    ) -> None:
        self._jobs = jobs
        self._keep = keep
        self._seed, self._threads = seed, threads
        self._progress = progress
        self._parts = [0] * len(jobs)
        """How much of each job is done, of `PARTS`; written by the threads, told by whoever asks."""
        self._paths = trainer_paths()
        self._pool: ThreadPoolExecutor | None = None
        self._futures: list[Future[Factors]] = []
        self._children: list[subprocess.Popen[bytes]] = []
        processes = max(1, (os.cpu_count() or 1) // max(threads, 1))
        large = [job for job in jobs if len(job) >= LARGE]
        if len(large) > 1 and processes > 1:
            self._pool = ThreadPoolExecutor(max_workers=min(processes, len(jobs)))
            self._futures = [self._pool.submit(self._there, place) for place in range(len(jobs))]

    def __enter__(self) -> Fits:
        if self._jobs:
            self._tell()
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        if self._pool is None:
            return
        self._pool.shutdown(wait=False, cancel_futures=True)
        if kind is not None:  # nobody takes what they learn
            for process in self._children:
                process.kill()
        self._pool.shutdown()

    def get(self, place: int) -> Factors:
        """Return the factors of job `place`; raises what its trainer raised."""
        if self._futures:
            while True:
                try:
                    factors = self._futures[place].result(timeout=EVERY)
                    break
                except TimeoutError:
                    if self._futures[place].done():
                        raise  # the trainer's own
                    self._tell()
        else:
            factors = self._here(place)
        self._parts[place] = PARTS
        self._tell()
        return factors

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress("factors", sum(self._parts), PARTS * len(self._jobs))

    def _here(self, place: int) -> Factors:
        def told(done: int, total: int) -> None:
            self._parts[place] = PARTS * done // total
            self._tell()

        def fit(path: str) -> Factors:
            trainer: Trainer = loading.instance(path)
            return trainer.fit(self._jobs[place], seed=self._seed, threads=self._threads, progress=told)

        return self._once(self._jobs[place], fit)

    def _there(self, place: int) -> Factors:
        def told(done: int, total: int) -> None:
            self._parts[place] = PARTS * done // total

        def fit(path: str) -> Factors:
            return child.fit(
                path,
                self._jobs[place],
                seed=self._seed,
                threads=self._threads,
                progress=told,
                begun=self._children.append,
            )

        return self._once(self._jobs[place], fit)

    def _once(self, job: Interactions, fit: Callable[[str], Factors]) -> Factors:
        """Return what the first available trainer learns, or learnt before this training was killed."""
        directory = self._keep
        if directory is None:
            return first_available(self._paths, fit)

        def fit_or_find(path: str) -> Factors:
            name = kept.name(job, loading.instance(path), seed=self._seed, threads=self._threads)
            factors = kept.read(directory, name)
            if factors is None:
                factors = fit(path)
                kept.write(directory, name, factors)
            return factors

        return first_available(self._paths, fit_or_find)


def trainer_paths() -> tuple[str, ...]:
    """Return the dotted paths of `TRAINERS`; the first whose package is installed learns."""
    return tuple(settings.TRAINERS)


def first_available(paths: Sequence[str], fit: Callable[[str], Factors]) -> Factors:
    """Return what the first trainer that is available learns; `TrainerUnavailable` as the last one put it."""
    missing = TrainerUnavailable('PERSONALIZE["TRAINERS"] names no trainer.')
    for path in paths:
        try:
            return fit(path)
        except TrainerUnavailable as error:
            missing = error
    raise missing
