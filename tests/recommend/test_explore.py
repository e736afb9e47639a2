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


@pytest.mark.parametrize("share", [0, 0.0, 0.004])
def test_without_a_candidate_in_play_nothing_changes(share):
    assert explore(ROW, 6, share, seed=1) == ROW
    assert explore(ROW[:6], 6, 0.2, seed=1) == ROW[:6]


def test_every_candidate_stays_and_what_is_not_shown_keeps_its_order():
    found = explore(ROW, 5, 0.3, seed=3)
    assert sorted(keys(found)) == sorted(keys(ROW))
    behind = found[5:]
    assert all(one.score > other.score for one, other in pairwise(behind))
    assert {one.propensity for one in behind} == {1.0}


def test_a_propensity_is_how_often_the_candidate_gets_its_place_given_those_before_it():
    drawn = [explore(ROW, 3, 0.05, seed=seed) for seed in range(20_000)]
    first = Counter(row[0].item_key for row in drawn)
    told = {row[0].item_key: row[0].propensity for row in drawn}
    assert told == {"a": 0.95} | {key: pytest.approx(0.01) for key in "defgh"}
    for key, propensity in told.items():
        assert first[key] / len(drawn) == pytest.approx(propensity, abs=4 * (propensity / len(drawn)) ** 0.5)
    after = [row[1] for row in drawn if row[0].item_key == "d"]
    second = {one.item_key: one.propensity for one in after}
    assert second == {"a": 0.95} | {key: pytest.approx(0.0125) for key in second if key != "a"}


def test_every_place_left_to_chance_draws_from_the_same_candidates_which_the_row_had_no_room_for():
    rows = [explore(ROW, 4, 0.05, seed=seed)[:4] for seed in range(10_000)]
    for slot in range(4):
        chosen = Counter(row[slot].item_key for row in rows if row[slot].source == SOURCE)
        assert set(chosen) == set("efghi")
        assert sum(chosen.values()) / len(rows) == pytest.approx(0.05, abs=0.01)
        assert max(chosen.values()) < 1.5 * min(chosen.values())


def test_the_best_keep_their_order_around_what_chance_put_there():
    for seed in range(200):
        kept = [one.item_key for one in explore(ROW, 5, 0.3, seed=seed)[:5] if one.source != SOURCE]
        assert kept == list("abcde")[: len(kept)]


def test_no_candidate_in_play_is_less_likely_than_the_floor():
    for share in (0.02, 0.05, 0.1, 0.25):
        shown = [one for seed in range(300) for one in explore(ROW, 4, share, seed=seed)[:4]]
        assert min(one.propensity for one in shown) >= FLOOR - 1e-12


def test_a_row_as_long_as_its_candidates_runs_out_of_those_in_play():
    found = explore(ROW[:3], 2, 0.5, seed=5)
    assert sorted(keys(found)) == ["a", "b", "c"]
    assert explore((), 6, 0.5, seed=2) == ()
    rows = [explore(ROW[:3], 2, 0.5, seed=seed) for seed in range(50)]
    assert {row[1].propensity for row in rows if row[0].source == SOURCE} == {1.0}
