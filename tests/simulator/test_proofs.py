"""The claims of docs/simulator.md at a size that a test bears; the benchmark has them whole."""

from __future__ import annotations

import numpy as np
import pytest

from django_personalize.simulator import cold_start, loop
from django_personalize.simulator.policies import Personal
from django_personalize.simulator.worlds import COLD, MATCHED, MISSPECIFIED, NULL

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _plain(settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": ["django_personalize.testing.doubles.SingularTrainer"]}


def test_twenty_shoppers_and_a_hundred_interactions_are_enough_to_be_above_popularity():
    runs = [cold_start.grow(COLD, [0, 100, 300], seed=seed) for seed in range(8)]
    for place in (1, 2):
        gains = [run[place].personal.clicks - run[place].popular.clicks for run in runs]
        assert np.mean(gains) > 0
        assert min(gains) > -0.05
    assert all(run[0].personal == run[0].popular for run in runs)


@pytest.mark.parametrize("world", [NULL, MISSPECIFIED], ids=lambda world: world.name)
def test_where_the_past_foretells_nothing_the_personal_row_costs_nothing(world):
    found = [one for seed in range(4) for one in cold_start.grow(world, [100, 300, 3_000], seed=seed)]
    ours, theirs = (np.sum([getattr(one, name).clicks for one in found]) for name in ("personal", "popular"))
    assert ours >= 0.99 * theirs


def test_learning_again_is_better_than_a_frozen_model():
    begun = loop.begin(MATCHED, seed=0, day=120.0)
    worth = {frozen: loop.run(begun, Personal(seed=0, frozen=frozen), every=30.0, rounds=3) for frozen in (False, True)}
    assert worth[False][0] == worth[True][0]
    assert all(
        again.outcome.clicks > 1.1 * once.outcome.clicks
        for again, once in zip(worth[False][1:], worth[True][1:], strict=True)
    )
