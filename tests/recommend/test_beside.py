from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.recommend.beside import PAIRS, bought_beside
from tests.training.small import model, orders

SHOP = orders(*[(3, "", "ax"), (3, "", "by"), (3, "", "abz")] * 9, *[(1, "", "c")] * 9)


@pytest.fixture(scope="module")
def learnt():
    return model(SHOP)


def said(of, context):
    found = bought_beside(of, of.indices(context))
    return {of.item_keys[item]: float(found.score[item]) for item in np.flatnonzero(found.score).tolist()}


def without_ease(of):
    return replace(of, ease_index=of.ease_index[:, :0], ease_weight=of.ease_weight[:, :0])


def test_one_line_is_answered_by_its_pairs_alone(learnt):
    assert said(learnt, "a") == said(without_ease(learnt), "a")
    assert list(said(learnt, "x")) == ["a"]


def test_several_lines_are_the_sum_of_their_pairs_where_the_catalogue_is_too_large(learnt):
    plain = without_ease(learnt)
    one, other = said(plain, "a"), said(plain, "b")
    assert said(plain, "ab") == pytest.approx({key: one.get(key, 0) + other.get(key, 0) for key in {*one, *other}})


def test_several_lines_are_ordered_by_what_the_linear_model_says_of_all_of_them(learnt):
    pairs, found = said(without_ease(learnt), "ab"), said(learnt, "ab")
    places = learnt.indices("ab")
    for key, score in found.items():
        told = sum(
            float(learnt.ease_weight[place][learnt.ease_index[place] == learnt.index[key]].sum()) for place in places
        )
        assert score == pytest.approx(max(told, 0.0) + PAIRS * pairs[key], rel=1e-5)
    assert found.keys() == pairs.keys()


def test_the_linear_model_brings_nothing_forward_by_itself(learnt):
    alone = replace(
        learnt,
        together_index=np.full_like(learnt.together_index, -1),
        together_weight=np.zeros_like(learnt.together_weight),
    )
    assert said(alone, "ab") == {}


def test_what_is_explained_away_comes_last_and_still_comes(learnt):
    pairs = said(without_ease(learnt), "ab")
    against = replace(learnt, ease_weight=-np.abs(learnt.ease_weight))
    assert said(against, "ab") == pytest.approx({key: PAIRS * score for key, score in pairs.items()})


def test_the_line_that_is_named_shares_a_pair_with_what_is_shown(learnt):
    context = learnt.indices("ab")
    found = bought_beside(learnt, context)
    shown = np.flatnonzero(found.score).astype(np.int32)
    for item, reason in zip(shown.tolist(), found.reasons(learnt, shown), strict=True):
        assert reason.code == "bought_with"
        assert item in learnt.together_index[learnt.index[reason.anchor]].tolist()
