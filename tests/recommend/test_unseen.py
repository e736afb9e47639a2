"""Somebody of whom nothing was known when the model learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.recommend.features import NAMES
from django_personalize.recommend.personal import UNSEEN, standing, weights_of
from django_personalize.recommend.profile import profile, without
from tests.recommend.test_generators import DAY, FACTORS, SHOP, past
from tests.training.small import NOW, model


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
