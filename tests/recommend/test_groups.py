from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.recommend.asking import Asking
from django_personalize.recommend.groups import PRIOR, Shares, brands, categories
from tests.recommend.test_pipeline import query
from tests.training.small import model, orders


@pytest.fixture(scope="module")
def shop():
    """Baskets of one day: a and b sell six times, c and d thrice, e once. Categories and brands cut across each other;
    f is of none, and g is listed no more.
    """
    source = orders(*[(1, "", "ab")] * 6, *[(1, "", "cd")] * 3, (1, "", "efg"))
    learnt = model(source, "popular", "neighbours")
    listed = np.array([key != "g" for key in learnt.item_keys])
    return replace(
        learnt,
        listed=listed,
        categories=("k", "l", "m"),
        item_category=np.array([0, 0, 1, 1, 1, -1, 2], dtype=np.int32),
        again=np.full(3, np.nan, dtype=np.float32),
        brands=("k", "x"),
        item_brand=np.array([0, 1, 0, 1, 1, -1, -1], dtype=np.int32),
    )


def shares(shop, kind, *rows):
    asking = Asking(query(*rows), shop)
    return Shares(asking, kind(shop))


def test_what_sells_leads_for_nobody_and_a_group_without_a_listed_item_is_none(shop):
    mine = shares(shop, categories)
    assert mine.ranked() == ("k", "l")
    assert mine.affinity["k"] == 1.0
    assert mine.affinity["l"] == pytest.approx(7 / 12, abs=0.002)
    assert mine.drawn_to == frozenset()


def test_a_persons_share_is_smoothed_by_the_shops(shop):
    mine = shares(shop, categories, ("c", "purchase", 0), ("d", "purchase", 0))
    own = mine.own[1]
    assert own == pytest.approx(2.0)
    shop_share = mine.shop[1]
    assert mine.persons[1] == pytest.approx((own + PRIOR * shop_share) / (own + PRIOR))
    assert mine.ranked() == ("l", "k")
    assert mine.affinity["l"] == 1.0


def test_somebody_is_drawn_to_what_they_have_had_more_of_than_is_usual(shop):
    assert shares(shop, categories, ("c", "purchase", 0)).drawn_to == {"l"}
    assert shares(shop, categories, ("a", "purchase", 0), ("c", "purchase", 0)).drawn_to == {"l"}
    assert shares(shop, categories, ("f", "purchase", 0)).drawn_to == frozenset()
    assert shares(shop, brands, ("b", "view_item", 0)).drawn_to == {"x"}


def test_categories_and_brands_of_one_name_are_not_mixed_up(shop):
    rows = (("a", "purchase", 1),)
    assert {each.item_key for each in shares(shop, categories, *rows).top("k", 9)} == {"a", "b"}
    assert {each.item_key for each in shares(shop, brands, *rows).top("k", 9)} == {"a", "c"}
    assert shares(shop, brands, *rows).top("nowhere", 9) == ()


def test_a_shop_without_brands_has_none(shop):
    bare = replace(shop, brands=(), item_brand=np.full(7, -1, dtype=np.int32))
    mine = shares(bare, brands, ("a", "purchase", 1))
    assert (mine.ranked(), dict(mine.affinity), mine.drawn_to) == ((), {}, frozenset())
