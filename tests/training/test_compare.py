from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.core.arrays import DAY
from django_personalize.recommend.features import rows
from django_personalize.recommend.personal import order_by
from django_personalize.training import compare, dataset, evaluate, split
from tests.training.small import NOW, arrays, orders, two_tastes

SOURCE = two_tastes(people=80)
CUT = NOW - 30 * DAY


def at(cut, *rungs):
    """A model of what was known at `cut`."""
    past = replace(SOURCE, as_of=cut)
    keep = SOURCE.placed[SOURCE.order] < cut
    past = replace(
        SOURCE, order=SOURCE.order[keep], item=SOURCE.item[keep], quantity=SOURCE.quantity[keep],
        price=SOURCE.price[keep], as_of=cut,
    )  # fmt: skip
    return evaluate.in_memory(arrays(past), cut, rungs)


def test_each_persons_gain_is_that_of_the_table():
    held, model = split.hold(SOURCE, CUT, 30.0), at(CUT, "popular", "neighbours")
    found = compare.gains(held, model, {"popular", "neighbours"})
    scores = evaluate.measure_rungs(held, model, ["popular", "neighbours"])
    assert {rung: values.mean() for rung, values in found.items()} == pytest.approx(
        {rung: score.ndcg for rung, score in scores.items()}
    )
    assert len(found["popular"]) == 80


def test_half_a_basket_judges_by_what_serves_whoever_brings_it():
    """By other weights than those of somebody with a past, as the ladder was measured by."""
    held, model = split.hold_baskets(dataset.unlink(SOURCE), CUT, 30.0), at(CUT, "popular", "neighbours")
    score = evaluate.measure_rungs(held, model, ["neighbours"])["neighbours"]
    assert compare.gains(held, model, ["neighbours"])["neighbours"].mean() == pytest.approx(score.ndcg)
    asked = list(split.asked(held, model))
    assert all(one.person.unseen for one in asked)
    past = [order_by(model, rows(model, one.person, allowed=one.allowed), "neighbours").score for one in asked]
    own = [
        order_by(model, rows(model, one.person, allowed=one.allowed), "neighbours", unseen=True).score for one in asked
    ]
    assert not all(np.array_equal(left, right) for left, right in zip(past, own, strict=True))


def test_a_model_is_judged_beside_popularity_and_beside_a_live_one_that_ends_before():
    model, live = at(CUT, "popular", "neighbours"), at(CUT - DAY, "popular")
    found = compare.judge(SOURCE, model, 30.0, live, seed=0)
    assert (found.rung, found.by, found.people) == ("neighbours", "people", 80)
    assert found.popular.low > 0.1  # people with favourites are not served by best sellers
    assert found.live.low > 0.1
    assert found.popular.low < found.popular.mean < found.popular.high


def test_a_live_model_that_knows_the_held_out_days_is_no_judge():
    assert compare.judge(SOURCE, at(CUT, "popular"), 30.0, at(CUT + 1.0, "popular"), seed=0).live is None
    assert compare.judge(SOURCE, at(CUT, "popular"), 30.0, at(CUT, "popular"), seed=0).live.mean == 0.0


def test_baskets_judge_where_nobody_is_linked_and_nobody_where_there_are_too_few():
    assert compare.judge(dataset.unlink(SOURCE), at(CUT, "popular"), 30.0, None, seed=0).by == "baskets"
    few = orders(*((day, f"p{day}", "ab") for day in range(1, 20)))
    assert compare.judge(few, evaluate.in_memory(arrays(few), NOW - 10 * DAY, ()), 10.0, None, seed=0) is None


def test_no_more_than_a_thousand_are_asked_evenly_spread(monkeypatch):
    monkeypatch.setattr(compare, "MOST", 30)
    assert compare.judge(SOURCE, at(CUT, "popular"), 30.0, None, seed=0).people == 27  # every third of 80


def test_an_interval_holds_the_mean_and_is_the_same_under_a_seed():
    values = np.random.default_rng(1).normal(0.02, 0.1, 400)
    found = compare.interval(values, seed=0)
    assert found == compare.interval(values, seed=0)
    half = 1.96 * values.std() / np.sqrt(400)
    assert found.mean == values.mean()
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.002)


def test_two_published_models_are_compared_on_what_was_bought_since_both():
    mine, theirs = at(CUT, "popular", "neighbours"), at(CUT - 5 * DAY, "popular")
    found = compare.since(SOURCE, mine, theirs, seed=0)
    assert found["people"] == 80
    assert found["ndcg"] - found["other"] == pytest.approx(found["difference"]["mean"], abs=1e-5)
    assert found["difference"]["low"] > 0.1
    assert compare.since(SOURCE, mine, replace(theirs, as_of=NOW), seed=0) is None
