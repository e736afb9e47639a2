from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from django_personalize.core.types import Candidate, Reason
from django_personalize.recommend.explore import FLOOR, SOURCE, explore, seed_of

ROW = tuple(
    Candidate(item_key=key, score=1.0 - place / 100, source="own", reason=Reason(code="popular"))
    for place, key in enumerate("abcdefghijkl")
)


def keys(candidates):
    return [candidate.item_key for candidate in candidates]


def test_the_same_seed_explores_alike_and_another_otherwise():
    assert explore(ROW, 6, 0.2, seed=7) == explore(ROW, 6, 0.2, seed=7)
    assert len({tuple(keys(explore(ROW, 6, 0.2, seed=seed))) for seed in range(50)}) > 20
    assert seed_of("ann", "home") == seed_of("ann", "home") != seed_of("annhome", "")
    assert seed_of("a", "b") != seed_of("ab")


@pytest.mark.parametrize("share", [0, 0.0, 0.01])
def test_without_a_second_candidate_in_play_nothing_changes(share):
    assert explore(ROW, 6, share, seed=1) == ROW


def test_every_candidate_stays_and_what_is_not_shown_keeps_its_order():
    found = explore(ROW, 5, 0.3, seed=3)
    assert sorted(keys(found)) == sorted(keys(ROW))
    behind = found[5:]
    assert all(one.score > other.score for one, other in pairwise(behind))
    assert {one.propensity for one in behind} == {1.0}


def test_a_propensity_is_how_often_the_candidate_gets_its_place_given_those_before_it():
    drawn = [explore(ROW, 3, 0.1, seed=seed) for seed in range(20_000)]
    first = Counter(row[0].item_key for row in drawn)
    told = {row[0].item_key: row[0].propensity for row in drawn}
    assert set(told) == set("abcdefghij")
    assert sum(told.values()) == pytest.approx(1.0)
    for key, propensity in told.items():
        assert first[key] / len(drawn) == pytest.approx(propensity, abs=4 * (propensity / len(drawn)) ** 0.5)
    after = [row[1] for row in drawn if row[0].item_key == "a"]
    second = {one.item_key: one.propensity for one in after}
    assert sum(second.values()) == pytest.approx(1.0)
    assert sum(one.item_key == "b" for one in after) / len(after) == pytest.approx(second["b"], abs=0.01)


def test_no_candidate_in_play_is_less_likely_than_the_floor():
    for share in (0.02, 0.05, 0.1, 0.25):
        shown = [one for seed in range(300) for one in explore(ROW, 4, share, seed=seed)[:4]]
        assert min(one.propensity for one in shown) >= FLOOR - 1e-12


def test_a_place_left_to_chance_says_so_even_where_chance_chose_the_best():
    rows = [explore(ROW, 4, 0.2, seed=seed)[:4] for seed in range(2_000)]
    chosen = [one for row in rows for one in row]
    assert sum(one.source == SOURCE for one in chosen) / len(chosen) == pytest.approx(0.2, abs=0.015)
    assert any(row[0].item_key == "a" and row[0].source == SOURCE for row in rows)
    assert {one.source for one in chosen if one.propensity > 0.5} == {"own", SOURCE}


def test_a_short_row_is_no_longer_than_what_there_is():
    found = explore(ROW[:2], 6, 0.5, seed=2)
    assert sorted(keys(found)) == ["a", "b"]
    assert found[1].propensity == pytest.approx(1.0)
    assert explore((), 6, 0.5, seed=2) == ()
