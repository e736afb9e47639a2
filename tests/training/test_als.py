from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from django_personalize.recommend.fold_in import ALS_ALPHA, ALS_RIDGE
from django_personalize.training import als, dataset
from django_personalize.training.factors import interactions
from tests.training.small import orders, two_tastes


def exact_half(job, fixed):
    """The least squares of every user, one by one, as the paper writes it."""
    found = np.zeros((job.n_users, fixed.shape[1]))
    for user in range(job.n_users):
        mine = job.user == user
        touched, c = fixed[job.item[mine]].astype(float), ALS_ALPHA * job.weight[mine]
        left = fixed.T.astype(float) @ fixed + (touched.T * (c - 1)) @ touched + ALS_RIDGE * np.eye(fixed.shape[1])
        found[user] = np.linalg.solve(left, touched.T @ c)
    return found


def test_steps_of_conjugate_gradients_come_to_the_least_squares_solution():
    job = interactions(dataset.net(two_tastes(people=40)))
    fixed = np.random.default_rng(1).normal(0, 0.3, (job.n_items, 8)).astype(np.float32)
    rows = sparse.csr_array((ALS_ALPHA * job.weight, (job.user, job.item)), shape=(job.n_users, job.n_items))
    out = np.zeros((job.n_users, 8), dtype=np.float32)
    for _ in range(4):
        als._solve(rows.astype(np.float32), fixed, out)
    assert out == pytest.approx(exact_half(job, fixed), abs=2e-3)


def test_items_of_one_taste_lie_together():
    source = dataset.net(two_tastes(people=60))
    vectors = als.fit(interactions(source), seed=0, components=8)
    units = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    upper = np.array([key.isupper() for key in source.item_keys])
    within, across = (units @ units.T)[upper][:, upper], (units @ units.T)[upper][:, ~upper]
    assert within.mean() > 0.5 + across.mean()


def test_the_same_seed_gives_the_same_bytes_in_any_number_of_blocks(monkeypatch):
    job = interactions(dataset.net(two_tastes(people=40)))
    whole = als.fit(job, seed=3, components=8)
    assert als.fit(job, seed=3, components=8).tobytes() == whole.tobytes()
    monkeypatch.setattr(als, "AT_ONCE", 50)
    assert als.fit(job, seed=3, components=8) == pytest.approx(whole, abs=1e-3)


def test_an_item_that_nobody_took_has_no_vector():
    job = interactions(dataset.net(orders((3, "ann", "ab"), (2, "bob", "b"))))
    wider = type(job)(n_users=job.n_users, n_items=3, user=job.user, item=job.item, weight=job.weight)
    assert als.fit(wider, seed=0, components=4)[2].tolist() == [0.0] * 4


def test_what_was_taken_long_ago_says_less_than_what_never_was():
    fixed = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    counts = sparse.csr_array(np.array([[0.2, 0.0]], dtype=np.float32))
    out = np.zeros((1, 2), dtype=np.float32)
    als._solve(counts, fixed, out)
    assert out[0].tolist() == pytest.approx([0.2 / (0.2 + ALS_RIDGE), 0.0], abs=1e-6)
