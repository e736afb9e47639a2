from __future__ import annotations

import pytest

from django_personalize.training import dataset, ladder
from django_personalize.training.ladder import Data, climb
from tests.training.small import orders

PLENTY = Data(lines=10_000, baskets=5_000, users=5_000, people=500)


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
