from __future__ import annotations

import math
from dataclasses import replace

import pytest

from django_personalize.artifacts.model import assemble
from django_personalize.training import dataset, ladder
from django_personalize.training.foresight import Foresight
from django_personalize.training.ladder import Data, climb
from tests.training.small import arrays, orders

PLENTY = Data(lines=10_000, baskets=5_000, users=5_000, people=500)


SURE = Foresight(people=9, gain=0.2, error=0.05)
DOUBT = Foresight(people=9, gain=0.05, error=0.05)


def on(verdicts):
    return [name for name, rung in verdicts.items() if rung.on]


def test_what_the_rungs_wait_for_is_counted_from_the_purchases():
    found = ladder.count(dataset.net(orders((5, "ann", "a"), (4, "ann", "b"), (3, "", "ab"), (2, "", "a"))), 7)
    assert found == Data(lines=5, baskets=1, users=2, people=7, foresight=Foresight(people=1, gain=0.0, error=math.inf))
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


def test_a_rung_that_is_worse_than_the_one_below_stays_off_and_says_so():
    verdicts = climb(PLENTY, {"popular": 0.1, "neighbours": 0.3, "factors": 0.25, "ranker": 0.3})
    assert on(verdicts) == ["popular", "neighbours", "ranker"]
    assert "no worse than neighbours: NDCG@10 0.2500 against 0.3000" in verdicts["factors"].why


def test_a_rung_that_cannot_be_measured_where_others_are_stays_off():
    assert on(climb(PLENTY, {"popular": 0.1, "neighbours": 0.3, "factors": 0.3})) == [
        "popular",
        "neighbours",
        "factors",
    ]


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


def test_the_own_past_leads_however_few_the_baskets_where_it_is_sure_to_foretell():
    young = Data(lines=100, baskets=20, users=9, people=5, foresight=SURE)
    verdicts = climb(young, None)
    assert leading(verdicts) == ["popular", "neighbours"]
    assert on(verdicts) == ["popular"]
    assert leading(climb(replace(young, foresight=DOUBT), None)) == ["popular"]


def test_nobody_is_led_by_their_past_where_those_who_came_back_do_not_bear_it_out():
    ndcg = {"popular": 0.1, "neighbours": 0.2, "factors": 0.3, "ranker": 0.05}
    verdicts = climb(replace(PLENTY, foresight=DOUBT), ndcg)
    assert leading(verdicts) == ["popular"]
    assert "over the 9 who came back it gains +0.0500 NDCG@10" in verdicts["neighbours"].why
    assert ladder.manifest(verdicts)["rung"] == "popular"
    assert leading(climb(replace(PLENTY, foresight=DOUBT), {**ndcg, "ranker": 0.1})) == ["popular", "ranker"]
    assert leading(climb(replace(PLENTY, foresight=SURE), ndcg)) == ["popular", "neighbours", "factors"]


def test_what_baskets_say_stays_on_beside_an_item_where_the_past_leads_nobody():
    assert on(climb(replace(PLENTY, foresight=DOUBT), None)) == ["popular", "neighbours", "factors", "ranker"]


def test_half_baskets_do_not_overrule_the_people_who_came_back():
    held_out = {"popular": 0.3, "neighbours": 0.2, "factors": 0.1}
    few = replace(PLENTY, people=ladder.JUDGES - 1, foresight=SURE)
    assert leading(climb(few, held_out)) == ["popular", "neighbours"]
    assert leading(climb(replace(few, people=ladder.JUDGES), held_out)) == ["popular"]


def test_a_model_stands_on_the_highest_rung_that_leads():
    verdicts = climb(replace(PLENTY, people=0, foresight=DOUBT), None)
    source = orders((5, "ann", "ab"), (4, "", "ab"))
    found = assemble(arrays(source), {"as_of": source.as_of, "fold": "mean", **ladder.manifest(verdicts)})
    assert (found.rung, sorted(found.rungs)) == ("popular", ["factors", "neighbours", "popular"])
