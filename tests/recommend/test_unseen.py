"""Somebody of whom nothing was known when the model learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.core.arrays import Factors
from django_personalize.recommend.features import NAMES
from django_personalize.recommend.generators import neighbours
from django_personalize.recommend.personal import UNSEEN, standing, weights_of
from django_personalize.recommend.pipeline import rank
from django_personalize.recommend.profile import profile, without
from tests.recommend.test_generators import DAY, FACTORS, SHOP, past
from tests.recommend.test_pipeline import forgetting, keys, query
from tests.training.small import NOW, model, two_tastes


@pytest.fixture(scope="module")
def yesterday():
    """A model that learnt a day ago, all rungs standing."""
    learnt = model(SHOP, "popular", "neighbours", "factors", "ranker", factors=FACTORS)
    return replace(learnt, as_of=NOW - DAY, ranker=np.ones(len(NAMES)))


def weights(of, *rows):
    return standing(of, profile(of, past(*rows), NOW))


def test_who_did_everything_since_is_unseen_and_who_did_anything_before_is_not(yesterday):
    for rows, unseen in (
        ([("a", "view_item", 0.5)], True),
        ([("a", "view_item", 0.5), ("b", "purchase", 0.9)], True),
        ([("a", "view_item", 0.5), ("b", "purchase", 1.0)], False),
        ([("a", "view_item", 0.5), ("a", "view_item", 9)], False),
        ([], False),
    ):
        assert profile(yesterday, past(*rows), NOW).unseen is unseen


def test_without_what_they_did_before_a_person_is_unseen(yesterday):
    one = profile(yesterday, past(("a", "view_item", 0.5), ("b", "purchase", 9)), NOW)
    assert without(yesterday, one, 1).unseen
    assert not without(yesterday, one, 0).unseen


def test_the_unseen_are_served_by_weights_of_their_own_and_not_by_the_ranker(yesterday):
    fresh = weights(yesterday, ("a", "view_item", 0.5))
    assert fresh.rung == "factors"
    assert fresh.weights.tolist() == weights_of(yesterday, "factors", unseen=True).tolist()
    assert fresh.weights[NAMES.index("factors:score")] == UNSEEN["factors"]["factors"]
    assert weights(yesterday, ("a", "view_item", 9)).rung == "ranker"


@pytest.mark.parametrize(
    ("rungs", "stands"),
    [
        (("popular", "neighbours", "ranker"), "neighbours"),
        (("popular", "ranker"), "popular"),
        (("popular", "neighbours"), "neighbours"),
        (("popular",), "popular"),
    ],
)
def test_the_unseen_stand_on_the_highest_rung_below_the_ranker(yesterday, rungs, stands):
    found = weights(replace(yesterday, rungs=frozenset(rungs)), ("a", "view_item", 0.5))
    assert found.rung == stands


def test_the_unseen_ask_the_neighbours_that_go_into_one_basket(yesterday):
    learnt = replace(
        yesterday,
        together_index=np.full_like(yesterday.together_index, -1),
        together_weight=np.zeros_like(yesterday.together_weight),
    )
    fresh, older = (profile(learnt, past(("a", "view_item", age)), NOW) for age in (0.5, 9))
    assert not neighbours(learnt, fresh).any()
    assert neighbours(learnt, older).any()


def test_without_its_anchor_an_item_would_not_be_shown_to_somebody_who_came_today_either():
    """Pasts that are wholly or partly of today: without the one older item the row is that of somebody unseen."""
    source = two_tastes(people=60)
    capitals = np.array([key.isupper() for key in source.item_keys])
    vectors = np.column_stack([capitals, ~capitals]).astype(np.float32)
    factors = Factors(vectors=vectors, biases=np.zeros(len(vectors), dtype=np.float32))
    learnt = model(source, "popular", "neighbours", "factors", factors=factors, fold="both")
    learnt = replace(learnt, as_of=NOW - DAY)
    chance = np.random.default_rng(7)
    named = {True: 0, False: 0}
    for _ in range(60):
        chosen = chance.choice(np.array(learnt.item_keys), size=int(chance.integers(1, 5)), replace=False).tolist()
        ages = sorted(chance.uniform(0, 1.2, len(chosen)).tolist())
        asked = query(*[(key, "view_item", age) for key, age in zip(chosen, ages, strict=True)], n=4)
        unseen = profile(learnt, asked.history, NOW).unseen
        for candidate in rank("personal", asked, learnt).candidates[:4]:
            if candidate.reason.code == "because_viewed":
                named[unseen] += 1
                left = keys(rank("personal", forgetting(asked, candidate.reason.anchor), learnt))[:4]
                assert candidate.item_key not in left
    assert all(named.values())
