from __future__ import annotations

import numpy as np
import pytest

from django_personalize.core.arrays import DAY
from django_personalize.training import browsing, catalogue, dataset
from django_personalize.training.learn import learn
from django_personalize.training.sequence import KEPT, sequence
from tests.training.small import NOW, looks, orders


def table(found, **changes):
    index, weight = sequence(found, **changes)
    keys = found.item_keys
    return {
        keys[item]: {keys[other]: float(w) for other, w in zip(index[item], weight[item], strict=True) if other >= 0}
        for item in range(len(keys))
    }


def at_once(*walks):
    """Browsing of this very moment, so that nothing has faded."""
    found = looks(*walks)
    return browsing.Browsing(
        item_keys=found.item_keys,
        session=found.session,
        item=found.item,
        time=np.full(len(found), NOW),
        as_of=NOW,
    )


def test_the_next_says_most_what_is_further_on_less_and_the_way_back_half():
    found = table(at_once((1, "ann", "abc")))
    assert found == {
        "a": {"b": 1.0, "c": 0.5},
        "b": {"c": 1.0, "a": 0.5},
        "c": {"b": 0.5, "a": 0.25},
    }


def test_what_many_look_at_counts_less():
    found = table(at_once((1, "ann", "ab"), (1, "bob", "ac"), (1, "eve", "bd")))
    # a and b are looked at twice, c and d once.
    assert found["a"] == pytest.approx({"b": 1 / (2**0.5 * 2**0.1), "c": 1 / 2**0.5})
    assert found["d"] == pytest.approx({"b": 0.5 / 2**0.1})


def test_what_is_a_month_ago_counts_half():
    found = looks((31, "ann", "ab"), (1, "bob", "ac"))
    ages = (NOW - found.time) / DAY
    assert ages.tolist() == pytest.approx([31, 31 - 1 / 1440, 1, 1 - 1 / 1440])
    fresh = np.exp2(-ages / 30)
    looks_at_a = fresh[0] + fresh[2]
    assert table(found)["a"] == pytest.approx(
        {"c": fresh[3] / (looks_at_a**0.5 * fresh[3] ** 0.1), "b": fresh[1] / (looks_at_a**0.5 * fresh[1] ** 0.1)}
    )
    assert fresh[1] / fresh[3] == pytest.approx(0.5)


def test_what_lies_more_than_eight_places_apart_has_nothing_to_do_with_each_other():
    found = table(at_once((1, "ann", "abcdefghij")))
    assert found["a"]["i"] == pytest.approx(1 / 8)
    assert "j" not in found["a"]
    assert "a" not in found["j"]


def test_sessions_do_not_run_into_each_other():
    found = table(looks((2, "ann", "ab"), (1, "ann", "cd"), (1, "bob", "ef")))
    assert {item: set(others) for item, others in found.items()} == {
        "a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}, "e": {"f"}, "f": {"e"},
    }  # fmt: skip


def test_a_pair_counts_once_a_session_at_its_closest_however_often_it_was_gone_through():
    found = at_once((1, "machine", "ab" * 50))
    # One step on and half of one step back; each is looked at fifty times.
    assert table(found)["a"]["b"] == pytest.approx(1.5 / (50**0.5 * 50**0.1))


def test_blocks_change_nothing(monkeypatch):
    found = looks((9, "ann", "abcab"), (8, "bob", "ba"), (8, "eve", "cda"), (1, "ann", "dcb"))
    whole = table(found)
    for size in (1, 4, 6, 13):
        monkeypatch.setattr("django_personalize.training.sequence.AT_ONCE", size)
        assert {key: pytest.approx(row) for key, row in table(found).items()} == whole


def test_an_item_is_not_its_own_next():
    assert set(table(looks((1, "ann", "aba")))["a"]) == {"b"}


def test_only_the_strongest_are_kept_ties_by_place():
    found = at_once((1, "ann", "ad"), (1, "bob", "ac"), (1, "eve", "ab"))
    assert list(table(found, kept=2)["a"]) == ["b", "c"]


def test_where_nothing_was_looked_at_the_table_has_no_width():
    index, weight = sequence(browsing.nothing())
    assert index.shape == weight.shape == (0, 0)


def learnt(looked):
    return learn(dataset.net(orders((3, "ann", "abc"), (2, "bob", "ab"))), catalogue.nothing(), looked)


def test_without_browsing_a_model_is_what_it_was_but_for_two_empty_arrays():
    with_none, with_some = learnt(None), learnt(looks((1, "ann", "ab")))
    assert with_none["next_index"].shape == with_none["next_weight"].shape == (3, 0)
    assert with_some["next_index"].shape == with_some["next_weight"].shape == (3, KEPT)
    for name in with_none.keys() - {"next_index", "next_weight"}:
        assert with_none[name].tobytes() == with_some[name].tobytes()


def test_in_a_model_an_item_that_the_shop_no_longer_has_is_passed_by():
    found = learnt(looks((1, "ann", "axb"), (1, "bob", "yz")))
    assert found["item_keys"].tolist() == ["a", "b", "c"]
    assert found["next_index"][:, 0].tolist() == [1, 0, -1]
    looks_at_a, looks_at_b = 2 ** (-1 / 30), 2 ** (-(1 - 2 / 1440) / 30)
    assert found["next_weight"][0, 0] == pytest.approx(looks_at_b / (looks_at_a**0.5 * looks_at_b**0.1))


def test_what_was_looked_at_after_a_cut_does_not_reach_the_arrays():
    early = (9, "ann", "ab"), (8, "bob", "bca")
    late = (4, "ann", "ca"), (3, "eve", "cb")
    cut = NOW - 5 * DAY
    with_later = learnt(browsing.before(looks(*early, *late), cut))
    without = learnt(looks(*[(age - 5, who, items) for age, who, items in early], as_of=cut))
    assert with_later["next_index"].tolist() == without["next_index"].tolist()
    assert with_later["next_weight"].tolist() == without["next_weight"].tolist()
    whole = looks(*early, *late)
    assert learnt(browsing.before(whole, NOW))["next_weight"].tolist() != without["next_weight"].tolist()
