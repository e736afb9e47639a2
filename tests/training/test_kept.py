from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.testing.doubles import SingularTrainer
from django_personalize.training import kept
from django_personalize.training.fits import Fits

JOB = Interactions(
    n_users=2, n_items=3, user=np.array([0, 1], dtype=np.int32), item=np.array([0, 2], dtype=np.int32),
    weight=np.array([1.0, 0.5], dtype=np.float32),
)  # fmt: skip
MADE = Factors(vectors=np.arange(6, dtype=np.float32).reshape(3, 2), biases=np.ones(3, dtype=np.float32))


class Deeper(SingularTrainer):
    components = 2


class Counted(SingularTrainer):
    fits = 0

    def fit(self, interactions, *, seed, threads, progress=None):
        Counted.fits += 1
        return super().fit(interactions, seed=seed, threads=threads, progress=progress)


def test_what_was_kept_is_read_back_to_the_byte(tmp_path):
    kept.write(tmp_path / "fits", "one", MADE)
    found = kept.read(tmp_path / "fits", "one")
    assert found.vectors.tobytes() == MADE.vectors.tobytes()
    assert found.biases.tobytes() == MADE.biases.tobytes()
    assert kept.read(tmp_path / "fits", "other") is None
    kept.tidy(tmp_path / "fits")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_fit_with_a_flipped_bit_or_a_torn_end_is_none(tmp_path, place):
    kept.write(tmp_path, "one", MADE)
    whole = (tmp_path / "one").read_bytes()
    flipped = bytearray(whole)
    flipped[place] ^= 1
    for content in (bytes(flipped), whole[:-1], b""):
        (tmp_path / "one").write_bytes(content)
        assert kept.read(tmp_path, "one") is None


def test_equal_rows_seed_and_trainer_have_one_name_and_any_difference_another():
    def name(job=JOB, trainer=SingularTrainer, seed=0, threads=1):
        return kept.name(job, trainer(), seed=seed, threads=threads)

    older = replace(JOB, weight=JOB.weight / 2)
    names = {
        name(),
        name(job=older),
        name(trainer=Deeper),
        name(seed=1),
        name(threads=2),
        name(replace(JOB, n_users=3)),
    }
    assert len(names) == 6
    assert name() == name()


def test_a_job_is_fitted_once_however_often_it_is_asked_for(tmp_path, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": (f"{__name__}.Counted",)}
    found = []
    for _ in range(2):
        with Fits([JOB], seed=0, threads=1, keep=tmp_path) as fits:
            found.append(fits.get(0).vectors.tobytes())
    assert found[0] == found[1]
    assert Counted.fits == 1
