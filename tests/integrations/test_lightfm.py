from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from django_personalize.core.arrays import Interactions
from django_personalize.exceptions import TrainerUnavailable
from django_personalize.integrations.lightfm import LightFMTrainer, matrices
from django_personalize.training import child, dataset
from django_personalize.training.factors import interactions
from tests.training.small import two_tastes

PATH = "django_personalize.integrations.lightfm.LightFMTrainer"


@pytest.fixture
def lightfm():
    return pytest.importorskip("lightfm")


@pytest.fixture(scope="module")
def shop():
    return interactions(dataset.net(two_tastes(people=20)))


def test_the_weights_are_in_the_order_of_the_interactions(shop):
    pytest.importorskip("scipy")
    matrix, weights = matrices(shop)
    assert matrix.row.tolist() == weights.row.tolist() == shop.user.tolist()
    assert matrix.col.tolist() == weights.col.tolist() == shop.item.tolist()
    assert set(matrix.data.tolist()) == {1.0}
    assert weights.data.tolist() == shop.weight.tolist()
    assert weights.data.dtype == np.float32


def test_one_thread_and_a_seed_give_equal_bytes(lightfm, shop):
    first, second, other = (LightFMTrainer().fit(shop, seed=seed, threads=1) for seed in (1, 1, 2))
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.biases.tobytes() == second.biases.tobytes()
    assert first.vectors.tobytes() != other.vectors.tobytes()


def test_a_child_process_gives_the_same_bytes(lightfm, shop):
    here, there = LightFMTrainer().fit(shop, seed=1, threads=1), child.fit(PATH, shop, seed=1, threads=1)
    assert here.vectors.tobytes() == there.vectors.tobytes()
    assert here.biases.tobytes() == there.biases.tobytes()


def test_the_arrays_score_as_lightfm_does(lightfm, shop):
    fitted = LightFMTrainer().learn(shop, seed=1, threads=1)
    factors = LightFMTrainer().fit(shop, seed=1, threads=1)
    items = np.arange(shop.n_items, dtype=np.int32)
    for user in (0, 7):
        ours = factors.vectors @ fitted.user_embeddings[user] + factors.biases + fitted.user_biases[user]
        theirs = fitted.predict(np.full(len(items), user, dtype=np.int32), items)
        assert np.abs(ours - theirs).max() < 1e-5


def test_progress_is_told_by_epoch(lightfm, shop):
    told = []
    LightFMTrainer().fit(shop, seed=1, threads=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(epoch + 1, 20) for epoch in range(20)]


def test_without_the_package_the_error_holds_the_line_to_paste(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightfm", None)
    empty = Interactions(
        n_users=1,
        n_items=1,
        user=np.zeros(1, dtype=np.int32),
        item=np.zeros(1, dtype=np.int32),
        weight=np.ones(1, dtype=np.float32),
    )
    with pytest.raises(TrainerUnavailable, match=r'pip install "django-personalize\[lightfm\]"'):
        LightFMTrainer().fit(empty, seed=0, threads=1)


def test_naming_the_trainer_does_not_import_the_package():
    module = PATH.rpartition(".")[0]
    code = f"import sys, {module}; print('lightfm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("entries", "epochs"), [(0, 20), (2_000_000, 20), (2_500_000, 16), (4_000_000, 10), (8_000_000, 5), (10**9, 5)]
)
def test_many_interactions_are_visited_about_as_often_in_all_but_never_in_fewer_than_five_epochs(entries, epochs):
    assert LightFMTrainer().epochs_for(entries) == epochs


def test_a_trainer_with_few_epochs_keeps_them_however_many_the_interactions():
    class Quick(LightFMTrainer):
        epochs = 3

    assert Quick().epochs_for(10**9) == 3


def test_a_fit_takes_as_many_epochs_as_its_interactions_ask_for(lightfm, shop, monkeypatch):
    monkeypatch.setattr("django_personalize.integrations.lightfm.MANY", len(shop) // 2)
    told: list[tuple[int, int]] = []
    LightFMTrainer().fit(shop, seed=1, threads=1, progress=lambda done, total: told.append((done, total)))
    epochs = 20 * (len(shop) // 2) // len(shop)
    assert told == [(done, epochs) for done in range(1, epochs + 1)]
