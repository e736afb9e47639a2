from __future__ import annotations

import numpy as np
import pytest

from django_personalize.training import cold, dataset
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.factors import interactions
from tests.training.small import orders


def test_a_pair_weighs_a_tenth_plus_its_decayed_purchases_up_to_two():
    found = interactions(dataset.net(orders((30, "ann", "a"), (60, "ann", "a"), *[(0, "bob", "b")] * 3)))
    assert found.weight.tolist() == pytest.approx([0.1 + 0.5 + 0.25, 2.1])
    assert found.weight.dtype == np.float32


def test_people_come_first_in_key_order_and_every_unlinked_basket_is_a_row_of_its_own():
    found = interactions(dataset.net(orders((4, "", "ab"), (3, "zoe", "a"), (2, "", "ab"), (1, "ann", "b"))))
    assert found.n_users == 4
    assert list(zip(found.user.tolist(), found.item.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (2, 0),
        (2, 1),
        (3, 0),
        (3, 1),
    ]


def catalogue(**categories):
    return Catalogue(category=categories, brand={}, created={})


def test_an_item_that_nobody_bought_is_placed_between_its_category_and_the_middle():
    keys = [f"k{n}" for n in range(11)]
    vectors = np.zeros((11, 1), dtype=np.float32)
    vectors[:5], vectors[5:10] = 1.0, -1.0
    facts = catalogue(**{key: "red" if n < 5 or n == 10 else "blue" for n, key in enumerate(keys)})
    placed, biases = cold.place(
        vectors, np.zeros(11, dtype=np.float32), np.arange(10), keys, facts, np.full(11, np.nan, dtype=np.float32)
    )
    assert placed[10, 0] == pytest.approx(5.0 / (5.0 + cold.STRENGTH))
    assert placed[:10].tolist() == vectors[:10].tolist()
    assert biases[10] == pytest.approx(0.0)


def test_an_item_of_which_nothing_is_known_claims_nothing():
    keys = [f"k{n}" for n in range(7)]
    vectors = np.ones((7, 2), dtype=np.float32)
    vectors[6] = 0.0
    facts = catalogue(**{key: "red" if n < 6 else "" for n, key in enumerate(keys)})
    placed, _ = cold.place(
        vectors, np.zeros(7, dtype=np.float32), np.arange(6), keys, facts, np.full(7, np.nan, dtype=np.float32)
    )
    assert placed[6].tolist() == [0.0, 0.0]
