from __future__ import annotations

import pytest

from django_personalize.training.metrics import hit, ndcg, recall, score


def test_the_golden_numbers():
    shown, bought = [5, 1, 9, 2], {1, 2, 7}
    assert hit(shown, bought) == 1.0
    assert recall(shown, bought) == pytest.approx(2 / 3)
    # hits in places 2 and 4: 1/log2(3) + 1/log2(5); at best 1 + 1/log2(3) + 1/log2(4)
    assert ndcg(shown, bought) == pytest.approx((0.63093 + 0.43068) / (1 + 0.63093 + 0.5), abs=1e-5)


def test_a_full_list_of_hits_is_perfect_however_much_more_was_bought():
    assert ndcg(list(range(10)), set(range(500))) == pytest.approx(1.0)


def test_only_the_first_ten_count():
    assert hit([*range(10, 20), 1], {1}) == 0.0


def test_people_count_alike_and_coverage_is_of_the_catalogue():
    found = score([[1, 2], [3]], [{1}, {9, 8}], 10)
    assert (found.hit_rate, found.recall, found.coverage, found.people) == (0.5, 0.5, 0.3, 2)
    assert found.ndcg == pytest.approx(0.5)


def test_nobody_is_no_division_by_zero():
    assert score([], [], 10).people == 0
