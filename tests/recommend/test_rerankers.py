from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.recommend.asking import Asking
from django_personalize.recommend.pipeline import rank
from django_personalize.recommend.profile import profile
from django_personalize.recommend.rerankers import had_for_good, passed_over, rerank, spread
from tests.recommend.test_generators import past
from tests.recommend.test_pipeline import forgetting, keys, query, top_of_category
from tests.training.small import NOW, model, orders

SHOP = orders(*[(9, "", "ax")] * 3, *[(8, "", "by")] * 3, *[(1, "", "e")] * 30, *[(8, "", c) for c in "fghi"] * 4)


def shop(again=(np.nan, np.nan), **category):
    """The model of a shop whose items are in no category but these; the share that buys again is by category."""
    learnt = model(SHOP)
    places = np.array([category.get(key, -1) for key in learnt.item_keys], dtype=np.int32)
    again = np.array(again, dtype=np.float32)
    return replace(learnt, categories=("x", "y"), item_category=places, again=again, rhythm=again * 0)


def seen(asked, **times):
    return replace(asked, history=replace(asked.history, passed_over=times))


def test_what_was_seen_in_vain_keeps_five_in_five_and_as_many_of_its_height():
    score = np.array([9.0, 5.0, 1.0, -1.0], dtype=np.float32)
    assert passed_over(score, np.array([5, 0, 0, 0])).tolist() == [4.0, 5.0, 1.0, -1.0]
    assert passed_over(score, np.array([0, 1, 15, 99])).tolist() == [9.0, 4.0, -0.5, -1.0]
    assert passed_over(score[:1], np.array([7])).tolist() == [9.0]


def test_log_odds_below_zero_fall_as_others_do():
    score = np.array([-4.0, -6.0, -8.0], dtype=np.float32)
    assert passed_over(score, np.array([5, 0, 0])).tolist() == [-6.0, -6.0, -8.0]


def test_a_category_takes_two_thirds_of_the_places_shown_and_the_rest_of_it_waits_behind():
    assert spread(np.array([0, 0, 0, 1, 0, 2]), 3).tolist() == [0, 1, 3, 2, 4, 5]
    assert spread(np.array([0, 0, 1, 0, 2]), 3).tolist() == [0, 1, 2, 3, 4]
    assert spread(np.array([0] * 8 + [1, 1, 1]), 8).tolist() == [0, 1, 2, 3, 4, 5, 8, 9, 6, 7, 10]


def test_a_row_of_one_category_or_of_none_stays_as_it_is():
    assert spread(np.zeros(9, dtype=int), 3).tolist() == list(range(9))
    assert spread(np.full(9, -1), 3).tolist() == list(range(9))
    assert spread(np.empty(0, dtype=int), 3).tolist() == []


def test_only_what_was_bought_of_a_category_that_is_hardly_ever_bought_again_is_had_for_good():
    for again, gone in (((0.04, np.nan), ["a"]), ((0.05, 0.5), []), ((np.nan, 0.0), ["x"]), ((0.0, 0.0), ["a", "x"])):
        learnt = shop(again, a=0, b=0, x=1)
        person = profile(
            learnt, past(("a", "purchase", 1), ("b", "view_item", 1), ("x", "purchase", 9), ("e", "purchase", 9)), NOW
        )
        assert [learnt.item_keys[place] for place in had_for_good(learnt, person)] == gone


def test_what_is_had_for_good_leaves_the_personal_row_and_what_is_bought_again_does_not():
    asked = query(("a", "purchase", 1), n=4)
    assert "a" in keys(rank("personal", asked, shop((0.5, 0.5), a=0)))
    found = keys(rank("personal", asked, shop((0.01, 0.5), a=0)))
    assert "a" not in found
    assert "x" in found[:4]


def test_nor_does_it_come_back_with_its_category_or_with_the_best_sellers_that_fill_a_row():
    asked = query(("a", "purchase", 1), n=4)
    for again, there in (((0.5, 0.5), True), ((0.01, 0.5), False)):
        learnt = shop(again, a=0, b=0)
        shelf = top_of_category(Asking(asked, learnt), "x", 6)
        assert ("a" in {candidate.item_key for candidate in shelf}) is there
        assert ("a" in keys(rank("best_sellers", asked, learnt))) is there


def test_the_row_that_somebody_passes_over_gives_way_and_keeps_its_items():
    asked, learnt = query(("a", "purchase", 1), ("b", "view_item", 1), n=4), shop()
    before = rank("personal", asked, learnt).candidates
    after = rank("personal", seen(asked, **{before[0].item_key: 40, "unknown": 9}), learnt).candidates
    assert {each.item_key for each in after} == {each.item_key for each in before}
    assert after[0].item_key == before[1].item_key
    scores = [each.score for each in after]
    assert scores == sorted(scores, reverse=True)
    height = before[0].score - before[-1].score
    lowered = next(each.score for each in after if each.item_key == before[0].item_key)
    assert lowered == pytest.approx(before[-1].score + height * 5 / 45, rel=1e-5)


def test_equals_stay_in_the_order_of_their_keys():
    learnt = shop()
    asked = seen(query(("a", "purchase", 1), n=4), f=3, g=3, h=3, i=3)
    item = np.arange(len(learnt.item_keys), dtype=np.int32)
    order, score = rerank(Asking(asked, learnt), profile(learnt, asked.history, NOW), item, np.zeros(len(item)), 5)
    assert order.tolist() == [0, 1, 2, 3, 4]
    assert score.tolist() == [0.0] * 5


def test_scores_never_rise_along_a_row_that_a_category_gave_way_in():
    learnt = shop(a=0, b=0, e=0, f=1)
    asked = query(("a", "purchase", 1), n=2)
    item = np.array([learnt.index[key] for key in "abef"], dtype=np.int32)
    score = np.array([4.0, 3.0, 2.0, 1.0], dtype=np.float32)
    order, left = rerank(Asking(replace(asked, n=3), learnt), profile(learnt, asked.history, NOW), item, score, 4)
    assert order.tolist() == [0, 1, 3, 2]
    assert left.tolist() == [4.0, 3.0, 1.0, 1.0]


def test_nobodys_row_is_what_sells_best_whatever_its_categories():
    learnt = shop((0.0, 0.0), **dict.fromkeys("abefgh", 0), i=1)
    found = rank("personal", query(n=4), learnt)
    assert keys(found)[:4] == keys(rank("best_sellers", query(n=4), learnt))[:4]


def test_a_named_anchor_holds_in_the_row_that_is_shown():
    """The deletion test again, with items passed over, had for good and of a crowded category."""
    chance = np.random.default_rng(3)
    learnt = shop((0.01, 0.5), a=0, b=0, x=1, y=1, f=1, g=1)
    named = 0
    for _ in range(60):
        chosen = chance.choice(np.array(list("abxyfgh")), size=int(chance.integers(1, 4)), replace=False).tolist()
        rows = [(key, str(chance.choice(["purchase", "view_item"])), float(chance.uniform(0, 60))) for key in chosen]
        times = {key: int(chance.integers(1, 12)) for key in chance.choice(np.array(list("abefxy")), size=3).tolist()}
        asked = seen(query(*sorted(rows, key=lambda row: row[2]), n=3), **times)
        for candidate in rank("personal", asked, learnt).candidates[:3]:
            if candidate.reason.code in ("because_bought", "because_viewed"):
                named += 1
                other = seen(forgetting(asked, candidate.reason.anchor), **times)
                assert candidate.item_key not in keys(rank("personal", other, learnt))[:3]
    assert named
