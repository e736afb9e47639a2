from __future__ import annotations

import time

import numpy as np
import pytest

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.exceptions import PersonalizeError
from django_personalize.training import fits as fitting
from django_personalize.training.fits import Fits


def job(n_items):
    none = np.zeros(1, dtype=np.int32)
    return Interactions(n_users=1, n_items=n_items, user=none, item=none, weight=np.ones(1, dtype=np.float32))


class Patient:
    """Four epochs; each lasts as long as a look takes, where it is in a process of its own."""

    name = "patient"
    pause = 0.0

    def fit(self, interactions, *, seed, threads, progress=None):
        for epoch in range(4):
            time.sleep(self.pause)
            progress(epoch + 1, 4)
        vectors = np.full((interactions.n_items, 1), seed, dtype=np.float32)
        return Factors(vectors=vectors, biases=np.zeros(interactions.n_items, dtype=np.float32))


class Slow(Patient):
    pause = 0.3


class Broken(Patient):
    def fit(self, interactions, *, seed, threads, progress=None):
        raise ValueError("of no use")


class Impatient(Patient):
    def fit(self, interactions, *, seed, threads, progress=None):
        raise TimeoutError("the trainer's own")


class Endless(Patient):
    pause = 600.0


@pytest.fixture
def trainer(settings):
    def use(kind):
        settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": (f"{__name__}.{kind.__name__}",)}

    return use


@pytest.fixture
def apart(monkeypatch):
    """Each job in a process of its own."""
    monkeypatch.setattr(fitting, "LARGE", 0)
    monkeypatch.setattr(fitting.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(fitting, "EVERY", 0.1)


def test_each_epoch_is_told_of_all_jobs_together(trainer):
    trainer(Patient)
    told = []
    with Fits([job(2), job(3)], seed=5, threads=1, progress=lambda *words: told.append(words)) as fits:
        assert fits.get(1).vectors.tolist() == [[5.0]] * 3
        fits.get(0)
    assert [done for _, done, _ in told] == [0, 25, 50, 75, 100, 100, 125, 150, 175, 200, 200]
    assert {(stage, total) for stage, _, total in told} == {("factors", 200)}


def test_a_process_of_its_own_tells_its_epochs_too(trainer, apart):
    trainer(Slow)
    told = []
    with Fits([job(2), job(3)], seed=5, threads=1, progress=lambda *words: told.append(words[1])) as fits:
        assert fits.get(0).vectors.tolist() == [[5.0]] * 2
        fits.get(1)
    assert told == sorted(told)
    assert told[-1] == 200
    assert len(set(told) - {0, 200}) >= 3


@pytest.mark.parametrize(("kind", "words"), [(Broken, "of no use"), (Impatient, "the trainer's own")])
def test_what_goes_wrong_in_a_process_of_its_own_is_raised_where_it_is_asked_for(trainer, apart, kind, words):
    trainer(kind)
    with (
        Fits([job(2), job(3)], seed=0, threads=1) as fits,
        pytest.raises(PersonalizeError, match=words),
    ):
        fits.get(0)


def test_where_the_training_is_given_up_its_fits_end_with_it(trainer, apart):
    trainer(Endless)
    began = time.monotonic()
    fits = Fits([job(2), job(3)], seed=0, threads=1)
    while len(fits._children) < 2:
        time.sleep(0.05)
    with pytest.raises(KeyboardInterrupt), fits:
        raise KeyboardInterrupt
    assert time.monotonic() - began < 30
    assert [process.poll() for process in fits._children] == [-9, -9]
