import numpy as np

from django_personalize.segments import rfm
from tests.segments.small import columns


def test_equal_values_have_equal_scores_and_the_latest_the_highest():
    days = np.arange(100.0) // 10
    scores = rfm.score(columns(orders=[1] * 100, recency=days, money=np.arange(100.0)))
    assert scores.bands == 5
    assert scores.recency.tolist() == [5 - number // 2 for number in range(10) for _ in range(10)]
    assert scores.frequency.tolist() == [3] * 100
    assert scores.money.tolist() == [1 + place // 20 for place in range(100)]
    assert scores.of(0) == "531"


def test_whoever_kept_no_order_has_no_score_and_moves_nobody_elses():
    scores = rfm.score(columns(orders=[0] * 50 + [1] * 40, recency=[np.nan] * 50 + [1.0] * 20 + [2.0] * 20))
    assert scores.recency.tolist() == [0] * 50 + [2] * 20 + [1] * 20


def test_a_small_shop_has_fewer_bands():
    for buyers, bands in ((1, 1), (39, 1), (40, 2), (79, 3), (100, 5), (1000, 5)):
        assert rfm.score(columns(orders=[1] * buyers, recency=[1.0] * buyers)).bands == bands


def test_the_order_of_people_changes_no_score():
    chance = np.random.default_rng(0)
    recency, money = chance.integers(0, 50, 200).astype(float), chance.integers(0, 9, 200).astype(float)
    order = chance.permutation(200)
    scores = rfm.score(columns(orders=[1] * 200, recency=recency, money=money))
    moved = rfm.score(columns(orders=[1] * 200, recency=recency[order], money=money[order]))
    assert moved.recency.tolist() == scores.recency[order].tolist()
    assert moved.money.tolist() == scores.money[order].tolist()
