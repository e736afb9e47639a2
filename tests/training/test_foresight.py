from __future__ import annotations

import math

import pytest

from django_personalize.training import dataset
from django_personalize.training.foresight import FEWEST, NOBODY, Foresight, foresee
from tests.training.small import NOW, orders

SECOND = 1 / math.log2(3)
"""NDCG of one hit in the second place."""


def found(*baskets, **options):
    return foresee(dataset.net(orders(*baskets, **options)))


def test_without_anybody_who_came_back_there_is_nothing_to_tell():
    assert found() == found((3, "ann", "a"), (2, "", "a"), (1, "", "a")) == NOBODY
    assert not NOBODY.sure


def test_what_somebody_bought_again_is_found_first_by_their_history_and_second_by_popularity():
    told = found((9, "ann", "a"), (3, "", "b"), (2, "", "b"), (1, "ann", "a"))
    assert (told.people, told.gain, told.error) == (1, pytest.approx(1 - SECOND), math.inf)


def test_where_people_take_what_everybody_takes_their_history_costs():
    told = found((9, "ann", "a"), (3, "", "b"), (2, "", "b"), (1, "ann", "b"))
    assert told.gain == pytest.approx(SECOND - 1)


def test_nothing_from_after_an_order_is_known_to_it():
    early = ((9, "ann", "a"), (3, "", "b"), (2, "ann", "a"))
    assert found(*early).gain == found(*early, (1, "", "a"), (0.5, "", "a")).gain
    assert found((9, "ann", "a"), (8, "", "c"), (8, "ann", "b"), (7, "", "b")).gain == 0.0


def test_orders_of_one_person_count_once_together():
    told, ann, bob = (
        found(
            *((9, ann, "a"), (8, bob, "c"), (4, "", "b"), (3, "", "b")),
            *((2, ann, "a"), (1.5, ann, "a"), (1, bob, "b")),
        )
        for ann, bob in (("ann", "bob"), ("ann", ""), ("", "bob"))
    )
    assert (told.people, ann.people, bob.people) == (2, 1, 1)
    assert ann.gain > 0 > bob.gain
    assert told.gain == pytest.approx((ann.gain + bob.gain) / 2)
    assert told.error == pytest.approx((ann.gain - bob.gain) / 2)


def test_a_gain_is_sure_from_five_people_and_two_standard_errors_on():
    assert Foresight(people=FEWEST, gain=0.21, error=0.1).sure
    assert not Foresight(people=FEWEST - 1, gain=0.21, error=0.1).sure
    assert not Foresight(people=FEWEST, gain=0.2, error=0.1).sure


def test_only_the_newest_orders_are_asked(monkeypatch):
    changed = ((40, "ann", "a"), (30, "ann", "a"), (20, "", "b"), (19, "", "b"), (10, "ann", "b"))
    assert found(*changed).gain > found(*changed[-5:]).gain - 1
    monkeypatch.setattr("django_personalize.training.foresight.MOST", 1)
    assert found(*changed).gain == pytest.approx(SECOND - 1)
    assert found(*changed, as_of=NOW + 86_400).gain == pytest.approx(SECOND - 1)
