from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.core.arrays import DAY, Factors
from django_personalize.training import evaluate, gate
from django_personalize.training.compare import Interval, Judged
from django_personalize.training.ladder import Rung
from django_personalize.training.shares import Shares
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


def test_whose_last_sale_is_more_than_a_day_before_the_live_models_is_refused():
    fresh = evaluate.in_memory(arrays(orders((0.5, "ann", "abcde"))), NOW, ("popular",))
    assert gate.refusals({**arrays(orders((1.4, "ann", "abcde")))}, verdicts(), NOW, fresh) == []
    (said,) = gate.refusals(learnt(), verdicts(), NOW, fresh)
    assert said == "It is stale: its last sale is 1.5 days before the last one that the live model knows."


def knowing(**manifest):
    """A live model whose manifest says this."""
    return replace(live(5), manifest={**live(5).manifest, **manifest})


USUAL = Shares(
    lines=1_000, buyer=0.1, hour=0.1, buyer_before=0.2, hour_before=0.2, top_buyer=0.1, top_hour=0.0
)  # fmt: skip
LINES = {"lines": 1_000}


def test_fewer_than_half_of_the_order_lines_are_refused():
    old = knowing(counts={"lines": 2_000})
    assert gate.sales(LINES, USUAL, old) == []
    (said,) = gate.sales({"lines": 999}, USUAL, old)
    assert said == "Sales are missing: 999 order lines against 2,000 in the live model, under 50 %."


@pytest.mark.parametrize("who", ["buyer", "hour"])
def test_a_flood_of_one_buyer_or_one_hour_is_refused_unless_that_is_usual(who):
    flood = replace(USUAL, **{who: 0.6})
    (said,) = gate.sales(LINES, flood, live(5))
    assert said.startswith(
        f"One {who} makes 60% of the 1,000 order lines of the last 7 days; before it was at most 20%."
    )
    assert gate.sales(LINES, replace(flood, **{f"{who}_before": 0.41}), live(5)) == []
    assert gate.sales(LINES, flood, knowing(metrics={"shares": {who: 0.41}})) == []
    assert gate.sales(LINES, replace(flood, lines=199), live(5)) == []
    assert gate.sales(LINES, flood, None) == []
    assert gate.sales(LINES, replace(USUAL, **{who: 0.5}), live(5)) == []


def test_one_buyer_behind_most_of_the_most_popular_items_is_refused_unless_it_was_so():
    (said,) = gate.sales(LINES, replace(USUAL, top_buyer=0.6), live(5))
    assert said == "One buyer makes most of the sales of 60% of the ten most popular items."
    before = knowing(metrics={"shares": {"top_buyer": 0.6}})
    assert gate.sales(LINES, replace(USUAL, top_buyer=0.6), before) == []


def between(low, high):
    return Interval(mean=(low + high) / 2, low=low, high=high)


def judged(**changes):
    values = {
        "rung": "ranker", "by": "people", "people": 400, "ndcg": between(0.28, 0.32), "popular": between(0.01, 0.03),
    }  # fmt: skip
    return Judged(**(values | changes))


def test_what_is_surely_worse_than_recent_popularity_is_refused_and_noise_is_not():
    assert gate.quality(judged(popular=between(-0.03, 0.001)), None) == []
    (said,) = gate.quality(judged(popular=between(-0.03, -0.01)), None)
    assert said == (
        "It is worse than recent popularity on held-out time: "
        "NDCG@10 -0.0200 (between -0.0300 and -0.0100) over 400 people."
    )


def test_what_is_surely_worse_than_the_live_model_on_the_same_days_is_refused_and_noise_is_not():
    assert gate.quality(judged(live=between(-0.03, 0.001)), live(5)) == []
    (said,) = gate.quality(judged(live=between(-0.03, -0.01)), live(5))
    assert said.startswith("It is worse than the live model on the same held-out time: NDCG@10 -0.0200")


def test_where_the_live_model_knows_the_held_out_days_their_ladders_are_compared():
    def old(ndcg, by="people"):
        return knowing(metrics={"judged_by": by, "rungs": {"popular": {"ndcg": ndcg}}})

    assert gate.quality(judged(), old(0.35)) == []
    (said,) = gate.quality(judged(), old(0.36))
    assert said == (
        "It is worse than the live model: NDCG@10 0.3000, at best 0.3200, against 0.3600 by the ladder of the live "
        "model, on other days."
    )
    assert gate.quality(judged(), old(0.36, "baskets")) == []
    assert gate.quality(judged(live=between(-0.01, 0.01)), old(0.36)) == []
    assert gate.beside(judged(), old(0.3)).endswith(
        "so that both cannot be compared fairly on them; by their ladders 0.3000 against 0.3000."
    )
    assert gate.beside(judged(live=between(0.0, 0.02)), old(0.3)).endswith(
        "Beside the live model on the same days +0.0100 (between +0.0000 and +0.0200)."
    )


def test_without_judges_nothing_is_said_of_quality():
    assert gate.quality(None, live(5)) == []
