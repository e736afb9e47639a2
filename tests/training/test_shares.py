from __future__ import annotations

import pytest

from django_personalize.training import dataset, shares
from tests.training.small import orders


def of(*baskets):
    return shares.shares(dataset.net(orders(*baskets)))


def test_one_buyer_and_one_hour_of_the_last_seven_days():
    found = of((1.0, "ann", "abc"), (0.99, "bob", "d"), (3, "", "e"), (3.5, "", "f"), (8, "cid", "abcdef"))
    assert found.lines == 6
    assert found.buyer == pytest.approx(3 / 6)
    assert found.hour == pytest.approx(4 / 6)


def test_orders_that_are_not_linked_are_buyers_of_their_own():
    assert of((1, "", "ab"), (2, "", "cd")).buyer == 0.5
    assert of((1, "ann", "ab"), (2, "ann", "cd")).buyer == 1.0


def test_the_weeks_before_tell_what_is_usual_where_they_hold_enough(monkeypatch):
    monkeypatch.setattr(shares, "FEWEST", 4)
    found = of((1, "ann", "ab"), (8, "ann", "abc"), (9, "bob", "d"), (15, "cid", "abc"))
    assert (found.buyer_before, found.hour_before) == (0.75, 0.75)


def test_who_carries_the_most_popular_items():
    found = of(*((1 + day, "ann", "ab") for day in range(3)), (2, "bob", "ac"), (3, "bob", "c"))
    assert found.top_buyer == pytest.approx(2 / 3)  # a and b, of a, b and c
    assert found.top_hour == pytest.approx(0.0)


def test_without_recent_lines_every_share_is_zero():
    found = of((20, "ann", "ab"))
    assert (found.lines, found.buyer, found.hour, found.top_buyer, found.top_hour) == (0, 0.0, 0.0, 0.0, 0.0)
