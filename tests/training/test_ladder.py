from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.artifacts.model import LEVEL, assemble
from django_personalize.training import dataset, ladder
from django_personalize.training.foresight import NOBODY, Foresight
from django_personalize.training.ladder import Data, Judged, climb
from tests.training.small import arrays, orders

PLENTY = Data(lines=10_000, baskets=5_000, users=5_000, people=500)


SURE = Foresight(people=9, gain=0.2, error=0.05, tilt=LEVEL)
DOUBT = Foresight(people=9, gain=0.05, error=0.05, tilt=LEVEL)


def on(verdicts):
    return [name for name, rung in verdicts.items() if rung.on]


def test_what_the_rungs_wait_for_is_counted_from_the_purchases():
    found = ladder.count(dataset.net(orders((5, "ann", "a"), (4, "ann", "b"), (3, "", "ab"), (2, "", "a"))), 7)
    assert found == Data(lines=5, baskets=1, users=2, people=7)
    assert ladder.count(dataset.net(orders()), 0) == Data(lines=0, baskets=0, users=0, people=0)


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({"lines": 0, "baskets": 0, "users": 0, "people": 0}, []),
        ({"baskets": ladder.BASKETS - 1, "users": 0, "people": 0}, ["popular"]),
        ({"users": ladder.USERS - 1, "people": 0}, ["popular", "neighbours"]),
        ({"people": ladder.PEOPLE - 1}, ["popular", "neighbours", "factors"]),
        ({"people": ladder.PEOPLE}, ["popular", "neighbours", "factors", "ranker"]),
    ],
)
def test_a_rung_stands_from_its_threshold_on(changes, stands):
    values = {"lines": 10_000, "baskets": 5_000, "users": 5_000, "people": 500} | changes
    assert on(climb(Data(**values), None)) == stands


def judged(by="people", soon=None, **ndcg):
    """Forty judges who agree but for a tenth of a point."""
    wobble = np.linspace(-0.05, 0.05, 40)

    def each(means):
        return {rung: mean + wobble * (place % 2) for place, (rung, mean) in enumerate(means.items())}

    return Judged(by=by, ndcg=each(ndcg), soon=each(soon or {}))


def test_a_rung_that_is_sure_to_be_worse_than_the_one_below_leads_nobody_and_says_so():
    verdicts = climb(PLENTY, judged(popular=0.1, neighbours=0.3, factors=0.25, ranker=0.5))
    assert leading(verdicts) == ["popular", "neighbours", "ranker"]
    assert on(verdicts) == ["popular", "neighbours", "factors", "ranker"]
    assert verdicts["factors"].why.startswith(
        "leads no personal row until it is no worse: NDCG@10 -0.0500 (between -0.0"
    )


def test_a_rung_whose_gain_is_not_sure_stays_on_beside_an_item_and_leads_nobody():
    verdicts = climb(PLENTY, judged(popular=0.1, neighbours=0.105, factors=0.3, ranker=0.305))
    assert on(verdicts) == ["popular", "neighbours", "factors", "ranker"]
    assert leading(verdicts) == ["popular", "factors"]
    assert verdicts["ranker"].why.startswith("leads no personal row until its gain is sure: NDCG@10 +0.0050")
    assert "beside factors on held-out time" in verdicts["ranker"].why


def test_a_rung_that_gains_over_the_whole_window_and_loses_in_its_first_days_leads_nobody():
    month = {"popular": 0.1, "neighbours": 0.1, "factors": 0.1, "ranker": 0.3}
    week = {"popular": 0.2, "neighbours": 0.2, "factors": 0.2, "ranker": 0.15}
    verdicts = climb(PLENTY, judged(soon=week, **month))
    assert leading(verdicts) == ["popular"]
    assert "loses in the first 7 days: NDCG@10 -0.0500 there" in verdicts["ranker"].why
    assert leading(climb(PLENTY, judged(soon={**week, "ranker": 0.25}, **month))) == ["popular", "ranker"]


def test_a_rung_that_cannot_be_measured_where_others_are_leads_nobody():
    assert leading(climb(PLENTY, judged(popular=0.1, neighbours=0.3, factors=0.5))) == [
        "popular",
        "neighbours",
        "factors",
    ]


def test_where_too_few_could_judge_popularity_leads_and_where_nobody_was_asked_data_alone_decides():
    assert leading(climb(PLENTY, Judged(by="baskets", ndcg={}))) == ["popular"]
    assert leading(climb(PLENTY, None)) == ["popular", "neighbours", "factors", "ranker"]


def test_the_manifest_says_where_it_stands_and_what_the_next_rung_waits_for():
    told = ladder.manifest(climb(Data(lines=9, baskets=40, users=0, people=0), None))
    assert told["rung"] == "popular"
    assert told["next"] == {
        "rung": "neighbours",
        "why": "waits for 100 baskets of two or more items; there are 40",
    }


def test_a_missing_trainer_is_what_the_factors_wait_for():
    verdicts = climb(PLENTY, None, {"factors": 'pip install "django-personalize[lightfm]"'})
    assert not verdicts["factors"].on
    assert "pip install" in verdicts["factors"].why


def leading(verdicts):
    return [name for name, rung in verdicts.items() if rung.leads]


def test_half_baskets_do_not_overrule_the_people_who_came_back():
    ndcg = {"popular": 0.1, "neighbours": 0.2, "factors": 0.3}
    doubted = climb(replace(PLENTY, people=0, foresight=DOUBT), judged("baskets", **ndcg))
    assert leading(doubted) == ["popular"]
    assert on(doubted) == ["popular", "neighbours", "factors"]
    assert "over the 9 who came back it gains +0.0500 NDCG@10" in doubted["neighbours"].why
    for foresight in (SURE, NOBODY):
        told = climb(replace(PLENTY, people=0, foresight=foresight), judged("baskets", **ndcg))
        assert leading(told) == ["popular", "neighbours", "factors"]
    assert leading(climb(replace(PLENTY, foresight=DOUBT), judged(**ndcg))) == ["popular", "neighbours", "factors"]


def test_a_model_stands_on_the_highest_rung_that_leads():
    verdicts = climb(PLENTY, judged(popular=0.3, neighbours=0.3, factors=0.3))
    source = orders((5, "ann", "ab"), (4, "", "ab"))
    found = assemble(arrays(source), {"as_of": source.as_of, "fold": "mean", **ladder.manifest(verdicts)})
    assert (found.rung, sorted(found.rungs)) == ("popular", ["factors", "neighbours", "popular", "ranker"])
