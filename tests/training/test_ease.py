from __future__ import annotations

import numpy as np
import pytest

from django_personalize.recommend import generators
from django_personalize.recommend.profile import weigh
from django_personalize.testing.override import override_personalize
from django_personalize.training import dataset
from django_personalize.training.baskets import matrix, worth
from django_personalize.training.ease import BYTES, GAMMA, HALF_LIFE, RIDGE, ease
from tests.training.small import model, orders, two_tastes

ALL = 10**9


def table(purchases, **options):
    index, weight = ease(purchases, memory=ALL, **options)
    found = np.zeros((len(index), len(index)))
    rows, places = np.nonzero(index >= 0)
    found[rows, index[rows, places]] = weight[rows, places]
    return found


def test_each_item_is_the_ridge_regression_of_its_baskets_on_all_other_items():
    purchases = dataset.net(two_tastes(people=20))
    baskets, age = matrix(purchases)
    gram = (baskets.T * worth(baskets, age, GAMMA, HALF_LIFE)) @ baskets.toarray()
    found = table(purchases)
    for item in range(len(gram)):
        others = np.arange(len(gram)) != item
        ridge = gram[np.ix_(others, others)] + RIDGE * np.eye(others.sum())
        wanted = np.linalg.solve(ridge, gram[others, item])
        assert found[others, item] == pytest.approx(wanted, abs=1e-5)
        assert found[item, item] == 0.0


def test_what_is_bought_instead_of_one_another_weighs_against():
    found = table(dataset.net(orders(*[(1, "", "ab"), (1, "", "ac")] * 9)))
    assert found[0, 1] > 0
    assert found[1, 2] < 0


def test_the_strongest_are_kept_whatever_their_sign_strongest_first():
    purchases = dataset.net(two_tastes(people=20))
    whole = table(purchases)
    index, weight = ease(purchases, memory=ALL, kept=5)
    for item, row in enumerate(whole):
        assert set(index[item].tolist()) == set(np.argsort(-np.abs(row))[:5].tolist())
        assert weight[item].tolist() == row[index[item]].tolist()
        assert np.abs(weight[item]).tolist() == sorted(np.abs(weight[item]).tolist(), reverse=True)
    assert (whole < 0).any()


def test_less_than_there_is_room_for_is_padded():
    index, weight = ease(dataset.net(orders((1, "", "ab"), (1, "", "c"))), memory=ALL, kept=4)
    assert index.tolist() == [[1, -1, -1, -1], [0, -1, -1, -1], [-1, -1, -1, -1]]
    assert (weight[index < 0] == 0).all()


def test_a_catalogue_that_is_too_large_for_the_memory_goes_without():
    purchases = dataset.net(orders((1, "", "abc")))
    assert ease(purchases, memory=BYTES * 9)[0].shape == (3, 200)
    assert ease(purchases, memory=BYTES * 9 - 1)[0].shape == (3, 0)
    assert ease(purchases, memory=0)[1].shape == (3, 0)


def test_nothing_sold_is_no_table():
    assert ease(dataset.net(orders()), memory=ALL)[0].shape == (0, 0)


def test_more_items_than_one_block_holds_invert_the_same(monkeypatch):
    purchases = dataset.net(two_tastes(people=20))
    whole = table(purchases)
    monkeypatch.setattr("django_personalize.training.ease.ROWS", 5)
    assert table(purchases) == pytest.approx(whole, abs=1e-7)


def test_a_shop_may_set_how_much_memory_it_takes_or_none():
    source = orders(*[(1, "", "ab"), (1, "", "ac")] * 9)
    assert model(source).ease_index.shape == (3, 200)
    with override_personalize(EASE_BYTES=0):
        assert model(source).ease_index.shape == (3, 0)


def test_a_person_is_told_what_the_items_they_touched_say():
    learnt = model(orders(*[(1, "", "ab"), (1, "", "ac")] * 9))
    said = {
        (item, int(other)): float(weight)
        for item, row in enumerate(learnt.ease_index)
        for other, weight in zip(row, learnt.ease_weight[item], strict=True)
        if other >= 0
    }
    touched = np.array([1, 2], dtype=np.int32)
    person = weigh(learnt, touched, np.array([True, False]), np.zeros(2))
    wanted = [said[1, 0] + 0.3 * said[2, 0], 0.3 * said[2, 1], said[1, 2]]
    assert generators.ease(learnt, person).tolist() == pytest.approx(wanted)
