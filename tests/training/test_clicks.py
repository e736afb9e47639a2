from __future__ import annotations

import numpy as np
import pytest

from django_personalize.training.clicks import CALM, clicks, examination
from django_personalize.training.feedback import Gathering, nothing
from tests.training.small import DAY, NOW, arrays, orders


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr("django_personalize.training.clicks.FEWEST", 1)


INDEX = {"a": 0, "b": 1, "c": 2}


def gathered(*rows):
    """Feedback of (visitor, age in days, items by slot, slots clicked, propensity)."""
    gathering = Gathering()
    for number, (who, age, items, hits, propensity) in enumerate(rows):
        at = NOW - age * DAY
        gathering.decided(number, who, [{"propensity": propensity}] * len(items))
        for slot, item in enumerate(items, start=1):
            gathering.seen(number, slot, item, at)
            if slot in hits:
                gathering.clicked(number, slot, at + 60)
    return gathering.finish(NOW)


def drawn(n, rates, *, propensity=0.2, seed=0, items="abc"):
    """`n` rows in random order in which the click rate falls with the slot."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        order = "".join(chance.permutation(list(items)))
        hits = {slot for slot, rate in enumerate(rates, start=1) if chance.random() < rate}
        rows.append((f"visitor {number}", 1.0, order, hits, propensity))
    return rows


def test_the_rate_is_that_of_the_formula_worked_by_hand():
    found = gathered(("ann", 30, "ab", {1}, 1.0), ("bob", 0, "ab", {1}, 1.0), ("eve", 0, "ba", {1}, 1.0))
    told = clicks(found, NOW + 120, INDEX)
    seen, mean = 2.5, 2.5 / 5.0
    assert told.tolist() == pytest.approx(
        [np.log((1.5 / mean + CALM) / (seen + CALM)), np.log((1.0 / mean + CALM) / (seen + CALM)), 0.0], abs=1e-4
    )


def test_where_nothing_was_shown_or_clicked_nothing_is_told():
    assert clicks(nothing(), NOW, INDEX).tolist() == [0, 0, 0]
    assert clicks(gathered(("ann", 1, "ab", (), 1.0)), NOW, INDEX).tolist() == [0, 0, 0]
    assert arrays(orders((9, "", "ab")))["clicked"].tolist() == [0, 0]


def test_neither_an_impression_nor_a_click_after_the_cut_is_known_to_it():
    early = [("ann", 9, "ab", {1}, 1.0), ("bob", 8, "ab", (), 1.0)]
    late = [("eve", 2, "ba", {1, 2}, 1.0)]
    cut = NOW - 5 * DAY
    assert clicks(gathered(*early, *late), cut, INDEX).tolist() == clicks(gathered(*early), cut, INDEX).tolist()
    clicked_later = gathered(("ann", 5.0001, "ab", {1}, 1.0))
    assert clicks(clicked_later, cut, INDEX).tolist() == [0, 0, 0]
    assert clicks(gathered(*early, *late), NOW, INDEX).tolist() != clicks(gathered(*early), NOW, INDEX).tolist()


def test_one_browser_that_clicks_all_day_counts_for_a_few():
    honest = [(f"visitor {number}", 3, "ab", {1} if number % 2 else {2}, 1.0) for number in range(40)]
    flood = [("mallory", 3 + number / 2_000, "c", {1}, 1.0) for number in range(500)]
    assert clicks(gathered(*honest, *flood), NOW, INDEX)[2] < np.log((CALM + 10) / CALM)


def test_slots_that_were_drawn_tell_how_often_each_is_looked_at():
    found = examination(gathered(*drawn(3_000, (0.3, 0.15, 0.03))), NOW)
    assert found.tolist() == pytest.approx([1.0, 0.5, 0.2], abs=0.04)
    assert found[2] == 0.2  # 0.1 would let one click count for ten


def test_from_slots_that_nobody_drew_or_from_too_few_nothing_is_told():
    assert examination(gathered(*drawn(3_000, (0.3, 0.15, 0.03), propensity=1.0)), NOW) is None
    assert examination(gathered(*drawn(199, (0.3, 0.15, 0.03))), NOW) is None
    assert examination(gathered(*drawn(201, (0.3, 0.15, 0.03))), NOW) is not None
    assert examination(gathered(*drawn(3_000, (0.0, 0.0, 0.0))), NOW) is None


def test_a_few_that_stand_for_many_are_too_few():
    """Ten in a thousand are drawn, with weights of a hundred: they are worth about ten, not a thousand."""
    rows = drawn(990, (0.3, 0.15, 0.03), propensity=0.99) + drawn(10, (0.3, 0.15, 0.03), propensity=0.001, seed=1)
    assert examination(gathered(*rows), NOW) is None


def test_the_correction_lifts_what_is_shown_further_down_and_only_after_slots_were_drawn():
    greedy = [(f"guest {number}", 1, "ab", {1} if number % 4 == 0 else (), 1.0) for number in range(400)]
    greedy += [(f"other {number}", 1, "ab", {2} if number % 10 == 0 else (), 1.0) for number in range(400)]
    raw = clicks(gathered(*greedy), NOW, INDEX)
    corrected = clicks(gathered(*greedy, *drawn(3_000, (0.3, 0.09, 0.09))), NOW, INDEX)
    assert raw[0] > raw[1]
    assert corrected[1] > corrected[0]


def test_a_few_clicks_say_nothing_yet(monkeypatch):
    found = gathered(*[(f"visitor {number}", 1, "ab", {1}, 1.0) for number in range(5)])
    monkeypatch.setattr("django_personalize.training.clicks.FEWEST", 5)
    assert clicks(found, NOW, INDEX)[0] > 0
    monkeypatch.setattr("django_personalize.training.clicks.FEWEST", 6)
    assert clicks(found, NOW, INDEX).tolist() == [0, 0, 0]
