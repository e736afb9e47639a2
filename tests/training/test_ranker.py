from __future__ import annotations

import numpy as np
import pytest

from django_personalize.core.arrays import DAY
from django_personalize.recommend.features import NAMES
from django_personalize.training import catalogue, dataset, evaluate, ranker, split
from django_personalize.training.learn import learn
from tests.training.small import NOW, orders


def at_cut(source, days):
    purchases = dataset.before(source, NOW - days * DAY)
    return evaluate.in_memory(
        learn(purchases, catalogue.nothing()), NOW - days * DAY, ("popular", "neighbours"), fold="mean"
    )


def test_the_weights_minimise_the_penalised_loss():
    chance = np.random.default_rng(0)
    table = chance.normal(size=(400, 3)).astype(np.float32)
    bought = chance.random(400) < 1 / (1 + np.exp(-2 * table[:, 0] + 1))
    found = ranker.linear(table, bought, np.ones(400))
    assert found[0] == pytest.approx(2.0, abs=0.5)
    assert np.abs(found[1:]).max() < 0.4


def test_a_feature_that_never_varies_has_no_weight():
    table = np.ones((10, 2), dtype=np.float32)
    table[:5, 0] = 0
    assert ranker.linear(table, table[:, 0] > 0, np.ones(10))[1] == 0.0


def test_the_held_out_people_are_those_known_before_and_buying_after():
    source = orders((40, "ann", "ab"), (35, "bob", "c"), (10, "ann", "bd"), (9, "new", "a"), (8, "", "a"))
    held = split.hold(source, NOW - 30 * DAY, 30)
    (ann,) = held.shoppers
    assert [held.item_keys[item] for item in ann.item] == ["a", "b"]
    assert ann.age.tolist() == [10, 10]
    assert {held.item_keys[item] for item in ann.truth} == {"b", "d"}


def test_nothing_after_the_cut_reaches_the_features():
    past = [(60, "ann", "ab"), (50, "bob", "abc"), (45, "cy", "bc"), (40, "ann", "c")]
    tables = []
    for later in ([(10, "ann", "b")], [(29, "ann", "b"), (5, "bob", "cccc"), (3, "cy", "zz")]):
        source = orders(*past, *later)
        held = split.hold(source, NOW - 30 * DAY, 30)
        ann = type(held)(cut=held.cut, item_keys=held.item_keys, shoppers=held.shoppers[:1])
        tables.append(ranker.examples(ann, at_cut(source, 30)).table)
    assert tables[0].tolist() == tables[1].tolist()


def test_a_return_after_the_cut_does_not_reach_the_features():
    past = [(60, "ann", "ab"), (50, "bob", "abc"), (10, "ann", "b")]
    kept, returned = orders(*past), orders(*past, back=[(5, 1, "c", 1)])
    tables = [
        ranker.examples(split.hold(source, NOW - 30 * DAY, 30), at_cut(source, 30)).table for source in (kept, returned)
    ]
    assert tables[0].tolist() == tables[1].tolist()


def test_what_was_bought_and_never_heard_of_still_counts_as_bought():
    source = orders((40, "ann", "a"), (10, "ann", "z"))
    (one,) = split.asked(split.hold(source, NOW - 30 * DAY, 30), at_cut(source, 30))
    assert len(one.truth) == 1
    assert min(one.truth) < 0


def test_half_of_a_basket_stands_in_for_a_person_and_is_not_shown_again():
    source = orders((40, "", "abcd"), (10, "", "abcd"), (9, "", "a"))
    held = split.hold_baskets(source, NOW - 30 * DAY, 30)
    (one,) = split.asked(held, at_cut(source, 30))
    assert one.person.item.tolist() == [0, 2]
    assert one.truth == {1, 3}
    assert one.allowed.tolist() == [False, True, False, True]


def test_every_feature_has_a_name():
    source = orders((40, "ann", "ab"), (39, "bob", "ab"), (10, "ann", "b"))
    found = ranker.examples(split.hold(source, NOW - 30 * DAY, 30), at_cut(source, 30))
    assert found.table.shape[1] == len(NAMES) == len(set(NAMES))
    assert (found.bought.tolist(), found.weight.tolist()) == ([False, True], [1.0, 1.0])


def test_who_buys_the_whole_range_teaches_less_per_item():
    source = orders((40, "ann", "abcd"), (39, "bob", "abcd"), (10, "ann", "abcd"), (9, "bob", "a"))
    found = ranker.examples(split.hold(source, NOW - 30 * DAY, 30), at_cut(source, 30))
    assert found.weight.tolist() == [0.5] * 4 + [1.0] * 4
    assert found.bought.tolist() == [True] * 4 + [True, False, False, False]


def test_few_candidates_teach_weights_and_no_trees():
    chance = np.random.default_rng(0)
    table = chance.normal(size=(400, 3)).astype(np.float32)
    found = ranker.fit([ranker.Examples(table=table, bought=table[:, 0] > 0, weight=np.ones(400))])
    assert (found["ranker"].shape, found["tree_leaf"].shape) == ((3,), (0, 32))


def test_a_window_in_which_nothing_was_found_teaches_nothing():
    empty = ranker.Examples(table=np.empty((0, 0), np.float32), bought=np.empty(0, bool), weight=np.empty(0))
    missed = ranker.Examples(table=np.ones((2, 1), np.float32), bought=np.zeros(2, bool), weight=np.ones(2))
    assert not empty
    assert not missed
