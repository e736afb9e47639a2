from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.recommend.pipeline import rank
from django_personalize.recommend.shelves import NEW_DAYS
from tests.recommend.test_pipeline import forgetting, keys, query, tastes  # noqa: F401
from tests.training.small import model, orders

STEADY = [(float(day), "", "s") for day in range(1, 60)]
"""Sold once a day for as long as the shop has it."""
LONG_AGO = [(300.0, "", "abrtf")]


def test_what_rises_is_trending_and_what_sells_steadily_or_hardly_at_all_is_not():
    learnt = model(orders(*LONG_AGO, *STEADY, *[(1, "", "r")] * 6, *[(1, "", "t")] * 2, *[(50, "", "f")] * 30))
    found = rank("trending", query(), learnt)
    assert keys(found) == ["r"]
    assert found.candidates[0].reason.code == "trending"


def test_what_has_just_come_in_does_not_rise_however_well_it_sells():
    assert keys(rank("trending", query(), model(orders(*[(day, "", "n") for day in (1.0, 2.0, 3.0, 4.0)])))) == []


def test_the_steeper_rise_comes_first():
    learnt = model(orders(*LONG_AGO, *[(1, "", "a")] * 20, *[(1, "", "b")] * 5, *[(40, "", "b")] * 5))
    assert keys(rank("trending", query(), learnt)) == ["a", "b"]


def test_new_arrivals_are_the_youngest_in_this_persons_order_and_for_nobody_the_shops_own(tastes):  # noqa: F811
    age = np.where(tastes.item_category == 0, 5.0, NEW_DAYS + 1).astype(np.float32)
    learnt = replace(tastes, age=age)
    assert rank("new_arrivals", query(), learnt).candidates == ()
    found = rank("new_arrivals", query(("A", "purchase", 1), n=4), learnt)
    assert all(key.isupper() for key in keys(found))
    assert {each.reason.code for each in found.candidates} == {"new"}


@pytest.mark.parametrize(("step", "code"), [("reduced", "reduced"), ("back_in_stock", "back")])
def test_what_the_shop_tells_is_shown_in_the_persons_order_and_nothing_else(tastes, step, code):  # noqa: F811
    there = ("b", "B", "d", "D")
    asked = replace(query(("A", "purchase", 1), ("C", "purchase", 2)), told={step: there})
    found = rank(step, asked, tastes)
    assert set(keys(found)) == set(there)
    assert all(key.isupper() for key in keys(found)[:2])
    assert {(each.reason.code, each.reason.anchor) for each in found.candidates} == {(code, "")}
    nobodys = keys(rank(step, replace(query(), told={step: there}), tastes))
    selling = [float(tastes.popularity[tastes.index[key], 1]) for key in nobodys]
    assert selling == sorted(selling, reverse=True)
    assert rank(step, query(("A", "purchase", 1)), tastes).candidates == ()
    assert set(keys(rank(step, replace(asked, exclude=frozenset("bB")), tastes))) == {"d", "D"}
    assert set(keys(rank(step, forgetting(asked, "A"), tastes))) == set(there)


def test_what_no_model_knows_yet_may_be_reduced_but_not_back(tastes):  # noqa: F811
    asked = replace(query(), told={"reduced": ("new", "A"), "back_in_stock": ("new", "A")})
    assert keys(rank("reduced", asked, tastes)) == ["A", "new"]
    assert keys(rank("reduced", asked, None)) == ["new", "A"]
    assert keys(rank("back_in_stock", asked, tastes)) == ["A"]


def test_what_never_sold_was_never_missed(tastes):  # noqa: F811
    price = tastes.price.copy()
    price[tastes.index["A"]] = np.nan
    asked = replace(query(), told={"back_in_stock": ("A", "B")})
    assert keys(rank("back_in_stock", asked, replace(tastes, price=price))) == ["B"]
