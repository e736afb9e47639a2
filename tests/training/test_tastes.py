from __future__ import annotations

import numpy as np
import pytest

from django_personalize.training import dataset
from django_personalize.training.tastes import NONE, tastes
from tests.training.small import orders

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def shop(draw, *, baskets=120, seed=0):
    """Return purchases of `baskets` of up to eight items each drawn by `draw(chance, number)`, and their categories."""
    chance = np.random.default_rng(seed)
    drawn = [sorted(set(draw(chance, number))) for number in range(baskets)]
    rows = [(float(baskets - at), "", "".join(LETTERS[place] for place in each)) for at, each in enumerate(drawn)]
    purchases = dataset.net(orders(*rows))
    return purchases, np.array([LETTERS.index(key) % 4 for key in purchases.item_keys])


def anything(chance, number):
    return chance.choice(26, 8, replace=False).tolist()


def by_taste(chance, number):
    own = np.flatnonzero(np.arange(26) % 4 == number % 4)
    return [*chance.choice(own, 4, replace=False).tolist(), *chance.choice(26, 2, replace=False).tolist()]


def by_season(chance, number):
    """Everybody takes one category in spring and another in autumn."""
    own = np.flatnonzero(np.arange(26) % 4 == number // 30)
    return [*chance.choice(own, 4, replace=False).tolist(), *chance.choice(26, 2, replace=False).tolist()]


def test_nothing_can_be_said_without_baskets_or_without_categories():
    assert tastes(dataset.net(orders()), np.empty(0, dtype=np.int64)) == NONE
    purchases, category = shop(by_taste)
    assert tastes(purchases, np.full_like(category, -1)) == NONE
    assert tastes(purchases, np.zeros_like(category)) == NONE


def test_baskets_of_differing_tastes_are_told_from_those_of_one():
    differ = tastes(*shop(by_taste))
    assert differ.differ
    assert 0.2 < differ.alike < 0.6
    for seed in range(10):
        same = tastes(*shop(anything, seed=seed))
        assert not same.differ
        assert same.alike < 0.05


def test_a_season_that_moves_everybody_is_no_taste():
    found = tastes(*shop(by_season))
    assert found.z < tastes(*shop(by_taste)).z / 3


def test_chi_square_of_two_baskets_is_scaled_to_its_mean_under_independence():
    purchases = dataset.net(orders((2, "", "ae"), (1, "", "bf")))
    category = np.array([{"a": 0, "e": 0, "b": 1, "f": 1}[key] for key in purchases.item_keys])
    found = tastes(purchases, category)
    assert found.z == pytest.approx((4 * 3 / 4 - 1) / np.sqrt(2))
    assert found.alike == 1.0
