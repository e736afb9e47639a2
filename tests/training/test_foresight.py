from __future__ import annotations

import math

import numpy as np
import pytest

from django_personalize.artifacts.model import LEVEL, Tilt
from django_personalize.training import dataset
from django_personalize.training.foresight import (
    FEWEST,
    FIRST,
    FIRST_OF_TASTES,
    PATIENCE,
    SHARES,
    Foresight,
    foresee,
)
from tests.training.small import NOW, orders

SECOND = 1 / math.log2(3)
"""NDCG of one hit in the second place."""
BEGUN = Tilt(own=FIRST)


def found(*baskets, **options):
    purchases = dataset.net(orders(*baskets, **options))
    return foresee(purchases, np.full(len(purchases.item_keys), -1))


def regulars(people, *, faithful):
    """People who take one item of their own again, or, unfaithful, what everybody takes the second time."""
    letters = "abcdefghijklmnopqrst"
    for number in range(people):
        yield 20.0 - number / 100, f"person-{number:02}", letters[number]
    for number in range(people):
        for again in range(3):
            yield 10.0 - number / 100 - again / 1_000, "", "z"
        yield 9.9 - number / 100 - 0.005, f"person-{number:02}", letters[number] if faithful else "z"


def test_without_anybody_who_came_back_a_touch_of_the_own_past_is_begun_with():
    for told in (found(), found((3, "ann", "a"), (2, "", "a"), (1, "", "a"))):
        assert (told.people, told.gain, told.error, told.tilt) == (0, 0.0, math.inf, BEGUN)
        assert not told.sure


def test_where_those_who_came_back_took_their_own_again_their_past_leads_as_far_as_it_pays():
    told = found(*regulars(8, faithful=True))
    assert told.people == 8
    assert told.sure
    assert told.tilt.own in SHARES
    assert told.gain == pytest.approx(1 - SECOND, abs=0.35)
    assert told.gain > 0


def test_where_people_take_what_everybody_takes_what_was_begun_with_fades():
    told = found(*regulars(10, faithful=False))
    assert (told.people, told.sure) == (10, False)
    assert told.tilt == Tilt(own=FIRST * PATIENCE / (PATIENCE + 10))


def test_nothing_from_after_an_order_is_known_to_it():
    early = tuple(regulars(8, faithful=True))
    later = ((0.2, "", "q"), (0.1, "", "q"))
    assert found(*early, *later).gain == pytest.approx(found(*early).gain)


def test_orders_of_one_person_count_once_together():
    baskets = tuple(regulars(6, faithful=True))
    again = ((1.0, "person-00", "a"), (0.9, "person-00", "a"), (0.8, "person-00", "a"))
    assert found(*baskets, *again).people == found(*baskets).people == 6


def test_a_gain_is_sure_from_five_people_and_two_standard_errors_on():
    assert Foresight(people=FEWEST, gain=0.21, error=0.1, tilt=LEVEL).sure
    assert not Foresight(people=FEWEST - 1, gain=0.21, error=0.1, tilt=LEVEL).sure
    assert not Foresight(people=FEWEST, gain=0.2, error=0.1, tilt=LEVEL).sure


def test_only_the_newest_orders_are_asked(monkeypatch):
    baskets = tuple(regulars(8, faithful=True))
    assert found(*baskets).people == 8
    monkeypatch.setattr("django_personalize.training.foresight.MOST", 3)
    assert found(*baskets).people == 3
    assert found(*baskets, as_of=NOW + 86_400).people == 3


def test_where_baskets_say_that_tastes_differ_more_is_begun_with_before_anybody_came_back():
    letters = "abcdefghijkl"
    source = orders(*((20.0 - n, f"person-{n}", letters[:6] if n % 2 else letters[6:]) for n in range(10)))
    purchases = dataset.net(source)
    category = np.array([letters.index(key) // 6 for key in purchases.item_keys])
    told = foresee(purchases, category)
    assert (told.people, told.tilt.own) == (0, FIRST_OF_TASTES)
    assert told.tilt.category == 1.0
    assert foresee(purchases, np.full(len(category), -1)).tilt == BEGUN
