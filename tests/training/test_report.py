from __future__ import annotations

import numpy as np
import pytest

from django_personalize.training import dataset
from django_personalize.training.report import ALL, CHEAP, NEW, PERSONAL, POPULAR, Figures, report
from tests.training.small import orders, two_tastes

pytest.importorskip("lightfm")


@pytest.fixture(scope="module")
def found():
    return report(two_tastes(), shares=(1.0, 0.0))


def test_the_ranking_stands_beside_the_best_cheap_things(found):
    assert found.mean(PERSONAL) > found.mean(POPULAR)
    assert found.rung == {1.0: "ranker", 0.0: "factors"}
    assert [found.mean(name, 1.0) == found.mean(name, 0.0) for name in ("own history", CHEAP, POPULAR)] == [True] * 3


def test_what_is_new_is_measured_apart(found):
    cells = found.rows[PERSONAL]
    assert cells[1.0, NEW].people <= cells[1.0, ALL].people
    assert (1.0, NEW) not in found.rows["own history"]


def test_the_table_says_every_figure_with_its_interval(found):
    table = found.table()
    row = next(line for line in table.splitlines() if line.startswith(PERSONAL))
    assert f"{found.mean(PERSONAL):.4f} (" in row
    gain, low, high = found.gain(PERSONAL, POPULAR)
    assert low <= gain <= high
    assert f"{PERSONAL} over {POPULAR}, everyone linked: {gain:+.4f} ({low:+.4f} to {high:+.4f})" in table


def test_figures_are_means_over_seeds_of_each_person():
    figures = Figures(people=2)
    figures.add([[1], [2]], [frozenset({1}), frozenset({1})], 4)
    figures.add([[2], [1]], [frozenset({1}), frozenset({1})], 4)
    assert figures.at().tolist() == [0.5, 0.5]
    assert (figures.hit_rate(), figures.coverage) == (0.5, 0.5)


def test_a_share_of_the_people_is_linked_and_the_rest_are_baskets():
    source = orders(*[(9, f"p{n}", "ab") for n in range(10)])
    some = dataset.unlink(source, 0.3, seed=1)
    assert (len(some.person_keys), int((some.buyer >= 0).sum())) == (3, 3)
    assert [some.person_keys[buyer] for buyer in some.buyer if buyer >= 0] == [
        source.person_keys[was] for was, buyer in zip(source.buyer, some.buyer, strict=True) if buyer >= 0
    ]
    assert dataset.unlink(source).buyer.tolist() == [-1] * 10
    assert np.array_equal(dataset.unlink(source, 1.0).buyer, source.buyer)
