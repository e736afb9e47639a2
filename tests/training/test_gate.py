from __future__ import annotations

import numpy as np
import pytest

from django_personalize.core.arrays import DAY, Factors
from django_personalize.training import evaluate, gate
from django_personalize.training.ladder import Rung
from tests.training.small import NOW, arrays, orders

SHOP = orders((3, "ann", "abcde"), (2, "bob", "abcde"))


def learnt(**changes):
    made = arrays(SHOP, Factors(vectors=np.ones((5, 2), dtype=np.float32), biases=np.zeros(5, dtype=np.float32)))
    return {**made, **changes}


def verdicts(**ndcg):
    names = ("popular", "neighbours", "factors", "ranker")
    return {name: Rung(on=True, why="", ndcg=ndcg.get(name)) for name in names}


def test_a_sound_model_passes():
    assert gate.refusals(learnt(), verdicts(popular=0.1, ranker=0.3), NOW, None) == []


def full(value):
    return np.full((5, 2), value, dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vectors": full(0.0)}, "all zero"),
        ({"vectors": full(np.nan)}, "not finite"),
        ({"vectors": full(1e30)}, "exploded"),
        ({"biases": np.full(5, np.inf, dtype=np.float32)}, "The biases hold values that are not finite"),
        ({"popularity": np.zeros((5, 3), dtype=np.float32)}, "nothing to learn from"),
        ({"listed": np.zeros(5, dtype=bool)}, "No item of the catalogue"),
    ],
)
def test_an_unsound_model_is_refused_in_words(changes, words):
    (said,) = gate.refusals(learnt(**changes), verdicts(), NOW, None)
    assert words in said


def live(n):
    source = orders((3, "ann", "abcdefghij"[:n]))
    return evaluate.in_memory(arrays(source), NOW, ("popular",))


def test_a_catalogue_below_four_fifths_of_the_live_one_is_refused():
    assert gate.refusals(learnt(), verdicts(), NOW, live(6)) == []
    (said,) = gate.refusals(learnt(), verdicts(), NOW, live(7))
    assert said == "The catalogue shrank: 5 items against 7 in the live model, less than 80 %."


def test_what_is_older_than_the_live_one_is_refused_and_the_same_moment_is_not():
    assert gate.refusals(learnt(), verdicts(), NOW, live(5)) == []
    (said,) = gate.refusals(learnt(), verdicts(), NOW - 2 * DAY, live(5))
    assert said == "It is stale: what it learnt from ends 2.0 days before what the live model learnt from."
