from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from django_personalize.core.types import History, Query
from django_personalize.models import Promotion
from django_personalize.placements.home import explored, rank, seed_of
from django_personalize.recommend.asking import Asking
from tests.recommend.test_generators import past
from tests.training.small import NOW, model, orders

WHEN = datetime.fromtimestamp(NOW, UTC)

SHARE = 0.3
BOUGHT = ("e", "purchase", 1), ("f", "purchase", 1)


def promotion(number=1, **values):
    return Promotion(pk=number, name=str(number), texts={"en": {"title": "t"}}, link="/", **values)


@pytest.fixture(scope="module")
def shop():
    """Items a to f; a and b are of brand x and category k, c and d of y and l, e and f of z and m. k sells best."""
    learnt = model(orders(*[(3, "", "ab")] * 6, *[(2, "", "cd")] * 3, (1, "", "ef")))
    place = np.array([0, 0, 1, 1, 2, 2], dtype=np.int32)
    again = np.full(3, np.nan, dtype=np.float32)
    named = {"categories": ("k", "l", "m"), "brands": ("x", "y", "z"), "again": again}
    return replace(learnt, item_category=place, item_brand=place, **named)


def page(shop, *rows, promotions=(), as_of=WHEN, **changes):
    history = past(*rows) if rows else History()
    asking = Asking(Query(placement="personal-home", n=3, as_of=as_of, history=history), replace(shop, **changes))
    return rank(asking, ["personal"], promotions)


def names(blocks):
    return [block.name for block in blocks]


def test_for_nobody_it_is_what_sells_and_no_brand_has_a_row(shop):
    assert names(page(shop)) == ["row:personal", "category:k", "category:l", "category:m"]


def test_what_somebody_looked_at_leads_and_its_brand_has_a_row(shop):
    found = page(shop, *BOUGHT)
    assert names(found) == ["row:personal", "category:m", "brand:z", "category:k", "category:l"]
    assert [round(block.weight, 3) for block in found[:3]] == [1.0, 0.9, 0.7]
    assert [candidate.item_key for candidate in found[2].candidates] == ["e", "f"]


def test_what_clicks_have_taught_moves_a_block(shop):
    lift = np.array([1.3], dtype=np.float32)
    assert names(page(shop, blocks=("category:l",), block_lift=lift))[:3] == [
        "row:personal",
        "category:k",
        "category:l",
    ]
    lift = np.array([4.0], dtype=np.float32)
    assert names(page(shop, blocks=("category:l",), block_lift=lift))[0] == "category:l"


def test_a_promotion_is_weighed_by_affinity_priority_and_how_new_it_is(shop):
    def weight(*rows, **values):
        found = page(shop, *rows, promotions=[promotion(**values)])
        return next(round(block.weight, 4) for block in found if block.name == "promotion:1")

    assert weight() == 1.0
    assert weight(priority=2) == 1.21
    assert weight(starts_at=WHEN) == 1.25
    assert weight(starts_at=WHEN - timedelta(days=7)) == 1.125
    assert weight(*BOUGHT, categories=["m"]) == 1.5
    assert weight(*BOUGHT, brands=["z"]) == 1.5
    # Bought of k and m alike, and of k no more than everybody: m is what they are drawn to.
    assert weight(*BOUGHT, ("a", "purchase", 1), categories=["k", "z"], brands=["z"]) == 1.5


def test_a_promotion_for_those_who_are_drawn_to_something_is_for_nobody_else(shop):
    of_k = promotion(categories=["k"])
    assert "promotion:1" not in names(page(shop, *BOUGHT, promotions=[of_k]))
    assert "promotion:1" not in names(page(shop, promotions=[of_k]))
    assert "promotion:1" in names(page(shop, ("a", "purchase", 1), promotions=[of_k]))


def test_a_page_has_no_more_than_two_banners_and_four_cards(shop):
    many = [promotion(number, look=look, priority=number) for number, look in enumerate(["banner", "card"] * 6, 1)]
    found = [name for name in names(page(shop, promotions=many)) if name.startswith("promotion:")]
    assert found == [f"promotion:{number}" for number in (12, 11, 10, 9, 8, 6)]


def test_without_a_model_there_are_promotions_and_a_row():
    asking = Asking(Query(placement="personal-home", n=3, as_of=WHEN), None)
    assert names(rank(asking, ["personal"], [promotion(priority=1)])) == ["promotion:1", "row:personal"]


def test_equal_questions_have_equal_pages(shop):
    rows = ("e", "view_item", 1), ("a", "purchase", 3)
    assert page(shop, *rows, promotions=[promotion()]) == page(shop, *rows, promotions=[promotion()])


def test_at_most_two_neighbours_change_places_and_the_same_seed_does_the_same():
    for number in range(500):
        order = [block for block, _ in explored("abcdef", f"seed {number}", 0.5)]
        moved = [place for place, block in enumerate(order) if block != "abcdef"[place]]
        assert moved in ([], *([place, place + 1] for place in range(5)))
        assert explored("abcdef", f"seed {number}", 0.5) == explored("abcdef", f"seed {number}", 0.5)


def test_what_is_written_down_is_how_often_it_happens():
    """Of each block at each place it comes to, over many seeds: the share is the propensity that was written."""
    times = 40_000
    seen: Counter[tuple[str, int]] = Counter()
    told: dict[tuple[str, int], float] = {}
    for number in range(times):
        for place, (block, propensity) in enumerate(explored("abcd", str(number), SHARE)):
            seen[block, place] += 1
            assert told.setdefault((block, place), propensity) == propensity
    assert {key: round(value, 4) for key, value in told.items() if key[0] == "a"} == {
        ("a", 0): round(1 - SHARE / 3, 4),
        ("a", 1): round(SHARE / 3, 4),
    }
    assert {key: round(value, 4) for key, value in told.items() if key[0] == "b"} == {
        ("b", 0): round(SHARE / 3, 4),
        ("b", 1): round(1 - 2 * SHARE / 3, 4),
        ("b", 2): round(SHARE / 3, 4),
    }
    for key, propensity in told.items():
        error = 4 * (propensity * (1 - propensity) / times) ** 0.5
        assert abs(seen[key] / times - propensity) < error, key
    for block in "abcd":  # somewhere, for certain
        assert round(sum(value for (name, _), value in told.items() if name == block), 9) == 1.0


def test_a_lone_block_is_where_it_is():
    assert explored(["a"], "seed", 1.0) == [("a", 1.0)]
    assert explored([], "seed", 1.0) == []


def test_nothing_is_tried_without_a_seed_or_a_share():
    assert explored("ab", "", 1.0) == explored("ab", "seed", 0.0) == [("a", 1.0), ("b", 1.0)]


def test_a_day_and_a_model_have_one_page():
    assert seed_of(7, WHEN, 3) == "7/2026-03-01/3"
