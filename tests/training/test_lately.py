from __future__ import annotations

import pytest

from django_personalize.training import dataset, lately
from tests.training.small import orders


def table(source, **changes):
    purchases = dataset.net(source)
    index, weight = lately.lately(purchases, **changes)
    keys = purchases.item_keys
    return {
        keys[item]: {keys[other]: float(w) for other, w in zip(index[item], weight[item], strict=True) if other >= 0}
        for item in range(len(keys))
    }


def test_who_has_an_item_says_what_is_taken_these_days():
    found = table(orders((365, "ann", "a"), (10, "ann", "b")))
    # o_a = 1/2, r_b = 1/2, two items ever; n_a = 1/2, m_b = 1/2.
    assert found["a"] == pytest.approx({"b": 0.5 * 0.5 / 2 / 0.5**0.5 / 0.5**0.1})


def test_what_was_taken_long_ago_is_not_of_these_days():
    found = table(orders((20, "ann", "a"), (61, "ann", "b")))
    assert found["a"] == {}
    assert set(found["b"]) == {"a"}


def test_a_person_with_a_long_list_says_less_of_each():
    found = table(orders((1, "ann", "ab"), (1, "bob", "acdefgh")))
    assert found["a"]["b"] == pytest.approx(3.5 * found["a"]["c"], rel=1e-6)


def test_an_unlinked_basket_speaks_for_itself_only():
    found = table(orders((5, "", "ab"), (1, "", "c")))
    assert set(found["a"]) == {"b"}
    assert found["c"] == {}


def test_only_the_strongest_are_kept_ties_by_place():
    found = table(orders((1, "ann", "abcd")), kept=2)
    assert list(found["a"]) == ["b", "c"]


def test_blocks_change_nothing(monkeypatch):
    source = orders((9, "ann", "abc"), (3, "ann", "d"), (4, "bob", "bd"), (2, "", "ad"))
    whole = table(source)
    monkeypatch.setattr(lately, "AT_ONCE", 1)
    assert table(source) == whole


def test_of_nothing_nothing_is_learnt():
    assert table(orders()) == {}
