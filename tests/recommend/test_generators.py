from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.core.arrays import Factors
from django_personalize.core.types import History
from django_personalize.recommend import fold_in
from django_personalize.recommend.explain import contributions
from django_personalize.recommend.features import NAMES, rows, scored
from django_personalize.recommend.generators import (
    als,
    beside,
    best_selling,
    factors,
    lately,
    neighbours,
    own,
    sequence,
    top,
)
from django_personalize.recommend.profile import profile, without
from tests.training.small import DAY, NOW, looks, model, orders

SHOP = orders((9, "", "ab"), (8, "", "abc"), (7, "", "cd"), *[(1, "", "e")] * 9)


def past(*rows, as_of=NOW):
    """History of (item, kind, age in days), newest first."""
    return History(
        item_keys=tuple(row[0] for row in rows),
        kinds=tuple(row[1] for row in rows),
        times=tuple(as_of - row[2] * DAY for row in rows),
        quantities=(1,) * len(rows),
    )


def person(of, *rows):
    return profile(of, past(*rows), NOW)


def test_a_history_becomes_weights_by_age_and_kind():
    found = person(model(SHOP), ("b", "view_item", 0), ("a", "purchase", 60), ("a", "purchase", 365))
    assert found.item.tolist() == [0, 1]
    assert found.near.tolist() == pytest.approx([0.5 + 2 ** (-365 / 60), 0.3])
    assert found.fold.tolist() == pytest.approx([0.1 + 0.25 + 2 ** (-365 / 30), 0.3 * 1.1], rel=1e-5)
    assert found.own.tolist() == pytest.approx([2 ** (-60 / 365) + 0.5, 0.0])
    assert found.count.tolist() == [2, 0]
    assert found.since.tolist() == [60, 0]
    assert found.price == 1.0


def test_what_is_later_than_the_query_or_unknown_to_the_model_does_not_count():
    assert not person(model(SHOP), ("a", "purchase", -1), ("zz", "purchase", 1))


def test_views_are_not_owned():
    learnt = model(SHOP)
    assert own(learnt, person(learnt, ("b", "view_item", 0))).tolist() == [0] * 5


def test_own_history_is_recent_first_and_equals_are_told_apart_by_popularity():
    learnt = model(SHOP)
    scores = own(learnt, person(learnt, ("e", "purchase", 5), ("a", "purchase", 5), ("b", "purchase", 1)))
    assert [learnt.item_keys[item] for item in top(scores, 9, positive=True)] == ["b", "e", "a"]


def test_neighbour_scores_are_the_weighted_sum_of_rows_worked_by_hand():
    index = np.array([[1, 2], [0, -1], [-1, -1]], dtype=np.int32)
    weight = np.array([[0.5, 0.25], [4.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    scores = beside(index, weight, np.array([0, 1], dtype=np.int32), np.array([2.0, 1.0], dtype=np.float32))
    assert scores.tolist() == [4.0, 1.0, 0.5]


def test_nobodys_past_has_no_neighbours_and_no_factors():
    learnt = model(SHOP, factors=FACTORS)
    nobody = person(learnt)
    assert not neighbours(learnt, nobody).any()
    assert not factors(learnt, nobody).any()


FACTORS = Factors(
    vectors=np.array([[1, 0], [0.9, 0.1], [0, 1], [0, 0.8], [-1, -1]], dtype=np.float32),
    biases=np.array([0, 0, 0, 0, 0.5], dtype=np.float32),
)


def test_the_mean_fold_in_worked_by_hand():
    learnt = model(SHOP, factors=FACTORS)
    one = person(learnt, ("a", "purchase", 0), ("c", "purchase", 0))
    assert fold_in.mean_vector(learnt, one).tolist() == pytest.approx([1.0, 1.0])
    assert fold_in.mean(learnt, one).tolist() == pytest.approx([1, 1, 1, 0.8, -1.5])


def test_the_ridge_fold_in_solves_its_normal_equations():
    learnt = model(SHOP, factors=FACTORS)
    one = person(learnt, ("a", "purchase", 0))
    vector = fold_in.ridge_vector(learnt, one).astype(float)
    table = FACTORS.vectors.astype(float)
    confidence = np.array([1 + fold_in.ALPHA * 1.1, 1, 1, 1, 1])
    wanted = np.array([1.0, 0, 0, 0, 0])
    slope = table.T @ (confidence * (table @ vector - wanted)) + fold_in.RIDGE * vector
    assert np.abs(slope).max() < 1e-4


@pytest.mark.parametrize("fold", sorted(fold_in.FOLDS))
def test_every_fold_in_puts_like_with_like(fold):
    learnt = model(SHOP, factors=FACTORS, fold=fold)
    scores = factors(learnt, person(learnt, ("a", "purchase", 1)))
    assert scores[1] > scores[3]


@pytest.mark.parametrize("fold", sorted(fold_in.FOLDS))
def test_several_people_at_once_are_scored_as_each_alone(fold):
    learnt = model(SHOP, factors=FACTORS, fold=fold)
    people = [person(learnt), person(learnt, ("a", "purchase", 1)), person(learnt, ("c", "view_item", 1))]
    for one, said in zip(people, scored(learnt, people), strict=True):
        assert said["factors"].raw.tolist() == pytest.approx(factors(learnt, one).tolist(), abs=1e-5)
        assert said["neighbours"].raw.tolist() == neighbours(learnt, one).tolist()
        assert said["own"].raw.tolist() == own(learnt, one).tolist()


def test_the_best_come_first_ties_by_lower_place_and_never_minus_infinity():
    scores = np.array([1, 3, 1, -np.inf, 1, 0], dtype=np.float32)
    assert top(scores, 3).tolist() == [1, 0, 2]
    assert top(scores, 9).tolist() == [1, 0, 2, 4, 5]
    assert top(scores, 9, positive=True).tolist() == [1, 0, 2, 4]
    assert top(scores, 0).tolist() == []


def feature(found, item, name):
    return float(found.features[found.item.tolist().index(item), NAMES.index(name)])


def test_tied_scores_share_a_rank_and_zero_scores_have_none():
    learnt = model(SHOP)
    found = rows(learnt, person(learnt, ("a", "purchase", 1), ("b", "purchase", 1)))
    assert feature(found, 0, "own:rank") == feature(found, 1, "own:rank") == 1.0
    assert feature(found, 4, "own:rank") == 0.0
    assert feature(found, 4, "neighbours:rank") == 0.0


def test_the_place_in_the_catalogue_is_no_feature():
    letters = "abcde"
    turned = letters[::-1]
    plain = model(SHOP)
    swapped = model(
        orders((9, "", "ed"), (8, "", "edc"), (7, "", "cb"), *[(1, "", "a")] * 9),
    )
    swapped.price.setflags(write=True)
    swapped.price[:] = plain.price[::-1]
    here = rows(plain, person(plain, ("a", "purchase", 3), ("b", "purchase", 3)))
    there = rows(swapped, person(swapped, ("e", "purchase", 3), ("d", "purchase", 3)))
    mine = {letters[item]: row.tolist() for item, row in zip(here.item, here.features, strict=True)}
    other = {turned[item]: row.tolist() for item, row in zip(there.item, there.features, strict=True)}
    assert mine.keys() == other.keys()
    for item, row in mine.items():
        assert row == pytest.approx(other[item], rel=1e-4, abs=1e-5)


def test_narrowing_the_candidates_changes_no_features():
    learnt = model(SHOP)
    one = person(learnt, ("a", "purchase", 1))
    allowed = np.array([False, True, True, False, False])
    whole, narrow = rows(learnt, one), rows(learnt, one, allowed=allowed)
    assert set(narrow.item.tolist()) <= {1, 2}
    for item in narrow.item.tolist():
        assert [feature(narrow, item, name) for name in NAMES] == [feature(whole, item, name) for name in NAMES]


def test_without_an_item_a_person_is_who_never_touched_it():
    learnt = model(SHOP)
    one = person(learnt, ("a", "purchase", 1), ("c", "view_item", 2))
    other = person(learnt, ("c", "view_item", 2))
    left = without(learnt, one, 0)
    for name in ("item", "near", "fold", "own", "count", "since", "latest"):
        assert getattr(left, name).tolist() == getattr(other, name).tolist()


def test_the_features_of_a_person_are_their_own_counts():
    learnt = model(SHOP)
    found = rows(learnt, person(learnt, ("a", "purchase", 3), ("b", "purchase", 3), ("a", "purchase", 9)))
    assert feature(found, 0, "own:rate") == 1.0
    assert feature(found, 1, "own:rate") == 0.5
    assert [feature(found, 2, name) for name in ("own:rate", "category")] == [0.0, 0.0]
    assert feature(found, 2, "person:items") == pytest.approx(np.log(3))
    assert feature(found, 2, "person:orders") == pytest.approx(np.log(3))
    assert feature(found, 2, "person:since") == pytest.approx(3 / 30)
    assert feature(found, 2, "person:basket") == pytest.approx(np.log(1.5))


def test_owners_of_an_item_lead_to_what_they_take_these_days():
    learnt = model(orders((60, "ann", "a"), (1, "ann", "b"), (50, "bob", "c"), (2, "bob", "d")))
    assert np.flatnonzero(lately(learnt, person(learnt, ("a", "purchase", 9)))).tolist() == [1]


def test_least_squares_say_nothing_of_nobody_or_without_vectors():
    learnt = model(SHOP)
    assert not als(learnt, person(learnt, ("a", "purchase", 1))).any()
    assert not als(replace(learnt, als_vectors=np.ones((5, 2), dtype=np.float32)), person(learnt)).any()


def next_of(learnt, *pairs):
    """The model with a table of what comes next, as (item, next, weight) by place."""
    index, weight = np.full((5, 2), -1, dtype=np.int32), np.zeros((5, 2), dtype=np.float32)
    for item, other, worth in pairs:
        free = int((index[item] >= 0).sum())
        index[item, free], weight[item, free] = other, worth
    return replace(learnt, next_index=index, next_weight=weight)


def test_what_was_touched_last_stands_first_and_once():
    found = person(
        model(SHOP), ("d", "view_item", 1), ("a", "purchase", 2), ("d", "view_item", 3), ("zz", "purchase", 4)
    )
    assert found.latest.tolist() == [3, 0]


def test_what_comes_next_is_asked_of_the_last_first_and_half_of_each_before():
    learnt = next_of(model(SHOP), (0, 3, 1.0), (1, 3, 1.0), (1, 4, 0.5), (2, 4, 8.0))
    assert sequence(learnt, person(learnt, ("a", "view_item", 0), ("b", "view_item", 1))).tolist() == [
        0,
        0,
        0,
        1.5,
        0.25,
    ]
    assert sequence(learnt, person(learnt, ("b", "view_item", 0), ("a", "purchase", 1))).tolist() == [0, 0, 0, 1.5, 0.5]
    assert not sequence(learnt, person(learnt)).any()


def test_ten_items_say_where_a_visit_goes_and_the_next_steps_in_where_one_was_never_touched():
    letters = "abcdefghijk"
    learnt = model(orders((9, "", letters)), looked=looks((1, "ann", "ka")))
    one = person(learnt, *[(letter, "view_item", age) for age, letter in enumerate(letters)])
    assert sequence(learnt, one)[0] == 0.0  # k leads to a, and is the eleventh
    assert sequence(learnt, without(learnt, one, 3))[0] == pytest.approx(learnt.next_weight[10, 0] * 2.0**-9)


def test_where_nothing_was_looked_at_nothing_comes_next_and_its_features_are_zero():
    learnt = model(SHOP)
    one = person(learnt, ("a", "view_item", 1))
    assert not sequence(learnt, one).any()
    found = rows(learnt, one)
    assert all(feature(found, item, name) == 0.0 for item in found.item for name in ("sequence:score", "sequence:rank"))


def test_each_of_the_past_adds_its_share_to_what_comes_next():
    learnt = next_of(model(SHOP), (0, 3, 1.0), (1, 3, 1.0), (1, 4, 0.5))
    one = person(learnt, ("b", "view_item", 0), ("a", "view_item", 1))
    shares = contributions(learnt, one, np.array([3, 4], dtype=np.int32), {"sequence": 2.0})
    assert shares.tolist() == [[1.0, 0.0], [2.0, 1.0]]
    assert shares.sum(axis=0).tolist() == (2.0 * sequence(learnt, one)[[3, 4]]).tolist()


def test_the_best_of_a_wide_catalogue_are_those_of_a_whole_sort(monkeypatch):
    chance = np.random.default_rng(0)
    for scores in (
        chance.normal(size=10_000).astype(np.float32),
        np.round(chance.normal(size=10_000), 1).astype(np.float32),  # many ties
        np.zeros(10_000, dtype=np.float32),
        np.where(np.arange(10_000) % 3, -np.inf, chance.normal(size=10_000)).astype(np.float32),
        np.where(np.arange(10_000) < 9_990, -np.inf, 1.0).astype(np.float32),
    ):
        sortable = np.lexsort((np.arange(len(scores)), -scores))
        wanted = sortable[np.isfinite(scores[sortable])]
        for n in (1, 60, 2_000, 9_999):
            assert top(scores, n).tolist() == wanted[:n].tolist()


def test_the_best_selling_are_those_allowed_however_far_down():
    learnt = model(SHOP)
    nothing = np.zeros(5, dtype=bool)
    assert best_selling(learnt, nothing, 3).tolist() == []
    order = top(learnt.popularity[:, 1], 5, positive=True).tolist()
    assert best_selling(learnt, ~nothing, 3).tolist() == order[:3]
    last = nothing.copy()
    last[order[-1]] = True
    assert best_selling(learnt, last, 1).tolist() == [order[-1]]


def test_the_fold_in_from_moments_is_that_of_standardised_scores():
    chance = np.random.default_rng(0)
    vectors, biases = (chance.normal(size=size).astype(np.float32) for size in ((5, 4), 5))
    learnt = model(SHOP, factors=Factors(vectors=vectors, biases=biases), fold="both")
    one = person(learnt, ("b", "view_item", 0), ("a", "purchase", 60))
    wanted = fold_in.standardised(fold_in.mean(learnt, one)) + 0.5 * fold_in.standardised(fold_in.ridge(learnt, one))
    assert fold_in.both(learnt, one) == pytest.approx(wanted, abs=1e-5)
    several = fold_in.fold(learnt, [one, one])
    assert several[1] == pytest.approx(wanted, abs=1e-5)


def test_where_all_items_score_alike_the_fold_in_says_nothing():
    same = Factors(vectors=np.ones((5, 4), dtype=np.float32), biases=np.zeros(5, dtype=np.float32))
    learnt = model(SHOP, factors=same)
    assert fold_in.both(learnt, person(learnt, ("a", "purchase", 1))).tolist() == [0.0] * 5


def test_a_page_that_may_not_show_the_best_gets_the_next_best(monkeypatch):
    """What is left of the best `DEEP` must be what another look at all items would find."""
    learnt = model(SHOP)
    one = person(learnt, ("a", "purchase", 1))
    allowed = np.ones(5, dtype=bool)
    allowed[[0, 2]] = False
    whole = rows(learnt, one, allowed=allowed)
    monkeypatch.setattr("django_personalize.recommend.features.DEPTH", 2)
    monkeypatch.setattr("django_personalize.recommend.features.DEEP", 3)
    again = model(SHOP)
    shallow = rows(again, person(again, ("a", "purchase", 1)), allowed=allowed)
    expected = set()
    for name, scores in shallow.scores.items():
        positive = name not in ("factors", "als")
        if positive or scores.any():
            expected |= set(top(np.where(allowed, scores, -np.inf).astype(np.float32), 2, positive=positive).tolist())
    assert set(shallow.item.tolist()) == expected
    assert set(whole.item.tolist()) >= expected
