from __future__ import annotations

from dataclasses import replace
from math import log

import pytest

from django_personalize.training import baskets as floor
from django_personalize.training import dataset
from django_personalize.training.neighbours import CALM, Weighing, neighbours
from tests.training.small import orders

SOLD = {"b": [100] * 9 + [0] * 3, "c": [100] * 12}
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


def test_a_weight_leans_to_what_sells_better_than_it_used_to():
    shop = orders(*[(100, "", "ab"), (100, "", "ac")] * 9, *[(0, "", "b"), (100, "", "c"), (50, "", "d")] * 3)
    plain, leaning = weights(shop), weights(shop, replace(PLAIN, momentum=0.5))
    seven, sixty = (
        {key: log(2) / h * sum(2 ** (-age / h) for age in ages) for key, ages in SOLD.items()} for h in (7, 60)
    )
    for pair in (("a", "b"), ("a", "c")):
        lean = ((seven[pair[1]] + CALM) / (sixty[pair[1]] + CALM)) ** 0.5
        assert leaning[pair] == pytest.approx(plain[pair] * lean, rel=1e-5)
    assert leaning["a", "b"] > plain["a", "b"]


def test_only_proven_pairs_are_kept_where_proof_is_asked_for():
    shop = orders(*[(0, "", "ab"), (0, "", "cd")] * 9, *[(0, "", "ae")] * 2, *[(0, "", "f")] * 99)
    assert ("a", "e") in weights(shop)
    assert set(weights(shop, replace(PLAIN, proven=True))) == {("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")}


def test_small_blocks_give_the_same_answer(monkeypatch):
    shop = orders(*[(day, "", items) for day, items in enumerate(("abc", "abd", "bcd", "ae", "be", "cde"))])
    whole = weights(shop)
    monkeypatch.setattr(floor, "PAIRS_PER_BLOCK", 1)
    assert weights(shop) == whole
