from __future__ import annotations

import pytest

from django_personalize.training import baskets as floor
from django_personalize.training import dataset
from django_personalize.training.neighbours import Weighing, neighbours
from tests.training.small import orders

PLAIN = Weighing(gamma=0.5, alpha=0.3, half_life=10.0, shared=1)


def weights(source, weighing=PLAIN, **options):
    purchases = dataset.net(source)
    index, weight = neighbours(purchases, weighing, **options)
    return {
        (purchases.item_keys[item], purchases.item_keys[other]): float(value)
        for item, row in enumerate(index)
        for other, value in zip(row.tolist(), weight[item], strict=True)
        if other >= 0
    }


def test_weights_are_those_of_the_formula_worked_by_hand():
    found = weights(orders((0, "", "ab"), (10, "", "abc"), *[(0, "", "d")] * 5))
    pair, three = 2**-0.5, 0.5 * 3**-0.5
    mass = {"a": pair + three, "b": pair + three, "c": three}
    assert found["a", "b"] == pytest.approx((pair + three) / (mass["a"] * mass["b"] ** 0.3))
    assert found["a", "c"] == pytest.approx(three / (mass["a"] * mass["c"] ** 0.3))
    assert found["c", "a"] == pytest.approx(three / (mass["c"] * mass["a"] ** 0.3))
    assert "d" not in {item for pair in found for item in pair}


def test_the_weights_have_a_direction():
    found = weights(orders((0, "", "ab"), (0, "", "ac"), (0, "", "ad"), *[(0, "", "e")] * 9))
    assert found["b", "a"] > found["a", "b"]


def test_pairs_that_share_too_few_baskets_are_left_out():
    shop = orders((0, "", "ab"), (0, "", "ab"), (0, "", "ac"), *[(0, "", "d")] * 9)
    assert set(weights(shop, Weighing(gamma=0.5, alpha=0.3, half_life=10.0, shared=2))) == {("a", "b"), ("b", "a")}


def test_pairs_that_chance_explains_are_left_out():
    always = [(0, "", "ab")] * 2 + [(0, "", "a")] * 2 + [(0, "", "b")] * 2
    assert weights(orders(*always)) == {}
    assert weights(orders(*always, *[(0, "", "c")] * 6)).keys() == {("a", "b"), ("b", "a")}


def test_the_nearest_are_kept_and_ties_go_to_the_lower_key():
    shop = orders((0, "", "abcd"), *[(0, "", "e")] * 9)
    assert set(weights(shop, kept=2)) >= {("a", "b"), ("a", "c")}
    assert ("a", "d") not in weights(shop, kept=2)


def test_a_wholesale_basket_counts_with_its_most_valuable_lines_only(monkeypatch):
    monkeypatch.setattr(floor, "LONGEST_BASKET", 2)
    found = weights(orders((0, "", "abz"), *[(0, "", "e")] * 9))
    assert set(found) == {("b", "z"), ("z", "b")}


def test_small_blocks_give_the_same_answer(monkeypatch):
    shop = orders(*[(day, "", items) for day, items in enumerate(("abc", "abd", "bcd", "ae", "be", "cde"))])
    whole = weights(shop)
    monkeypatch.setattr(floor, "PAIRS_PER_BLOCK", 1)
    assert weights(shop) == whole
