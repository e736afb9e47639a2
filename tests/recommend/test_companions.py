from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from django_personalize.recommend.asking import Asking
from django_personalize.recommend.pipeline import STEPS, rank
from tests.recommend.test_pipeline import keys, query
from tests.training.small import looks, model, orders

SHOP = orders(*[(3, "ann", "ax"), (2, "bob", "ay"), (2, "", "bz")] * 9, *[(1, "", "e")] * 30, (9, "ann", "m"))


def shelved(learnt, **category):
    """The same model with these items in these categories, and no other in any."""
    names = tuple(sorted(set(category.values())))
    nan = np.full(len(names), np.nan, dtype=np.float32)
    places = [names.index(category[key]) if key in category else -1 for key in learnt.item_keys]
    return replace(learnt, categories=names, item_category=np.array(places, dtype=np.int32), again=nan, rhythm=nan)


@pytest.fixture(scope="module")
def shop():
    return model(SHOP, looked=looks(*[(1, "ann", "ae"), (2, "bob", "ae"), (3, "eve", "bm")] * 2))


def told(ranking):
    return {each.item_key: (each.reason.code, each.reason.anchor) for each in ranking.candidates}


def test_also_bought_is_what_buyers_took_in_this_order_or_in_another(shop):
    found = rank("also_bought", query(context=["a"]), shop)
    assert set(keys(found)) == {"x", "y", "m"}  # ann took m at another time
    assert told(found)["m"] == ("also_bought", "a")
    assert "m" not in keys(rank("bought_together", query(context=["a"]), shop))


def test_also_viewed_is_what_visits_went_on_to_and_nothing_that_only_sells(shop):
    found = rank("also_viewed", query(context=["a"]), shop)
    assert (found.step, told(found)) == ("also_viewed", {"e": ("also_viewed", "a")})


def test_where_nobody_is_known_to_have_browsed_also_viewed_falls_to_bought_and_says_so():
    found = rank("also_viewed", query(context=["a"]), model(SHOP))
    assert found.step == "also_bought"
    assert {code for code, _ in told(found).values()} == {"also_bought"}


def test_what_completes_a_set_is_of_another_kind_than_what_it_holds(shop):
    kinds = shelved(shop, a="mugs", x="mugs", y="plates")
    assert set(keys(rank("bought_together", query(context=["a"]), kinds))) == {"x", "y"}
    assert told(rank("complements", query(context=["a"]), kinds)) == {"y": ("completes", "a")}
    assert keys(rank("complements", query(context=["a", "y"]), kinds)) == []


def test_each_line_of_a_basket_has_one_voice_and_names_its_own(shop):
    found = told(rank("also_viewed", query(context=["a", "b"]), shop))
    assert found == {"e": ("also_viewed", "a"), "m": ("also_viewed", "b")}


@pytest.mark.parametrize("name", ["also_bought", "also_viewed", "complements"])
def test_without_what_the_page_is_about_there_is_nothing(shop, name):
    assert rank(name, query(), shop).candidates == ()
    assert rank(name, query(context=["unknown"]), shop).candidates == ()


@pytest.mark.parametrize("name", ["also_bought", "also_viewed", "complements"])
def test_without_its_anchor_an_item_would_not_be_there(shop, name):
    """The deletion test, on pages about any two items; what both speak for names neither."""

    def asked(*context):
        return told(STEPS[name](Asking(query(context=context, n=8), shop)))

    named = 0
    for one, other in combinations(shop.item_keys, 2):
        for key, (_, anchor) in asked(one, other).items():
            if anchor:
                named += 1
                assert key not in asked(*{one, other} - {anchor})
            else:
                assert key in asked(one)
                assert key in asked(other)
    assert named
