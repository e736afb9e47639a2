from __future__ import annotations

import pytest

from django_personalize.simulator import cold_start, loop
from django_personalize.simulator.behaviour import Outcome
from django_personalize.simulator.policies import Popular, Random
from tests.simulator.small import SMALL

RUN = {"every": 20.0, "rounds": 3}


@pytest.fixture(autouse=True)
def _plain(settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": ["django_personalize.testing.doubles.SingularTrainer"]}


@pytest.fixture(scope="module")
def begun():
    return loop.begin(SMALL, seed=0, day=60.0)


def clicks(begun, policy):
    return [one.outcome.clicks for one in loop.run(begun, policy, **RUN)]


def test_the_oracle_is_above_popularity_which_is_above_chance_in_every_round(begun):
    best, popular, chance = clicks(begun, None), clicks(begun, Popular()), clicks(begun, Random(seed=0))
    assert all(one > other for one, other in zip(best, popular, strict=True))
    assert all(one > other for one, other in zip(popular, chance, strict=True))


def test_every_policy_meets_the_same_visits(begun):
    runs = [loop.run(begun, policy, **RUN) for policy in (None, Popular(), Random(seed=0))]
    assert runs[0][0].visits > 20
    assert len({tuple(one.visits for one in run) for run in runs}) == 1


def test_the_same_seed_gives_the_same_outcome(begun):
    afresh = loop.begin(SMALL, seed=0, day=60.0)
    assert clicks(begun, Popular()) == clicks(begun, Popular()) == clicks(afresh, Popular())


def test_what_one_run_does_no_other_sees(begun):
    lines, deeds = len(begun.life.log.lines), len(begun.life.log.deeds)
    clicks(begun, Random(seed=0))
    assert (len(begun.life.log.lines), len(begun.life.log.deeds)) == (lines, deeds)


def test_the_mean_of_no_page_is_nothing():
    assert loop.mean([]) == Outcome(clicks=0.0, purchases=0.0, money=0.0)
    pages = [Outcome(clicks=1.0, purchases=0.0, money=4.0), Outcome(clicks=0.0, purchases=1.0, money=0.0)]
    assert loop.mean(pages) == Outcome(clicks=0.5, purchases=0.5, money=2.0)


def test_a_shop_is_measured_at_each_size_that_it_reaches_and_alike_while_nobody_is_known():
    found = cold_start.grow(SMALL, [0, 50, 10_000], seed=0)
    assert [one.interactions for one in found] == [0, 50]
    empty, young = found
    assert (empty.day, empty.rung) == (pytest.approx(0.0, abs=2.0), "newest")
    assert empty.personal == empty.popular
    assert young.visits > 0
    assert young.popular.clicks > empty.popular.clicks > 0
