import numpy as np
import pytest

from django_personalize.segments.yardstick import expected_gap, measure
from tests.segments.small import KNOWN, columns


def test_nothing_is_usual_among_fewer_than_twenty_people():
    few = measure(columns(orders=[3] * 19, gaps=[2] * 19, gap=[10.0] * 19, money=[5.0] * 19, judged=[3] * 19))
    assert all(np.isnan(value) for value in (few.gap, few.much, few.reduced, few.looks))
    assert (few.buyers, few.repeaters, few.judged, few.lookers) == (19, 19, 19, 0)


def test_one_wholesaler_moves_nothing():
    money = [100.0] * 30 + [1e9]
    usual = measure(columns(orders=[3] * 30 + [900], gaps=[2] * 30 + [800], gap=[20.0] * 30 + [0.5], money=money))
    assert (usual.gap, usual.much) == (20.0, 200.0)


def test_much_is_what_a_tenth_has_spent_and_at_least_twice_the_middle():
    spent = measure(columns(orders=[1] * 100, money=[10.0] * 85 + [float(money) for money in range(100, 115)]))
    assert spent.much == pytest.approx(104.1)
    assert measure(columns(orders=[1] * 100, money=[10.0] * 100)).much == 20.0


def test_every_person_has_one_vote_on_the_usual_share_of_reduced_lines():
    usual = measure(columns(judged=[4] * 20 + [10_000], reduced=[1] * 20 + [10_000]))
    assert usual.reduced == pytest.approx((20 * 0.25 + 1.0) / 21)


def test_the_middle_of_those_who_look_is_usual():
    assert measure(columns(views=[0] * 100 + [2] * 10 + [6] * 11, searches=[0] * 100 + [0] * 21)).looks == 6.0


def test_a_next_order_is_expected_by_the_shops_rhythm_until_somebody_has_one_of_their_own():
    found = expected_gap(columns(gaps=[0, 3, 27], gap=[np.nan, 10.0, 10.0]), KNOWN)
    assert found.tolist() == [30.0, 20.0, 12.0]
