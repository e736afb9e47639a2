from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.artifacts import store
from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY
from django_personalize.recommend.features import rows
from django_personalize.recommend.personal import order_by
from django_personalize.training import calibration, dataset, evaluate, ranker, run, split
from tests.training.small import NOW, arrays, two_tastes
from tests.training.test_run import AS_OF, fill, shop  # noqa: F401  a fixture

RUNGS = ("popular", "neighbours")
SOURCE = two_tastes(people=120)


def model_at(days, fitted=None):
    known = arrays(replace(dataset.until(SOURCE, NOW - days * DAY)))
    return evaluate.in_memory({**known, **(fitted or {})}, NOW - days * DAY, (*RUNGS, *(("ranker",) if fitted else ())))


def taught():
    return ranker.fit([ranker.examples(split.hold(SOURCE, NOW - 90 * DAY, 30.0), model_at(90))])


def chance(score):
    return 1 / (1 + np.exp(-score))


def gap(held, model: Model):
    """How far the chances that scores stand for lie from the shares that were bought, over tenths of them."""
    score, bought = calibration.scores(held, model)
    order = np.argsort(score, kind="stable")
    return float(np.mean([abs(chance(score[part]).mean() - bought[part].mean()) for part in np.array_split(order, 10)]))


def test_the_line_is_the_one_by_which_the_odds_were_drawn():
    draw = np.random.default_rng(0)
    score = draw.normal(0, 3, 40_000)
    slope, offset = calibration.line(score, draw.random(len(score)) < chance(0.4 * score - 2))
    assert (slope, offset) == (pytest.approx(0.4, abs=0.02), pytest.approx(-2.0, abs=0.05))


def test_a_calibrated_score_is_the_log_odds_for_people_who_were_not_asked():
    fitted = taught()
    held = split.hold(SOURCE, NOW - 60 * DAY, 30.0)
    asked, others = (replace(held, shoppers=held.shoppers[part::2]) for part in (0, 1))
    told = calibration.calibrated(fitted, asked, model_at(60, fitted))
    assert gap(others, model_at(60, fitted)) > 0.1
    assert gap(others, model_at(60, told)) < 0.05


def test_calibration_changes_no_order():
    fitted = taught()
    told = calibration.calibrated(fitted, split.hold(SOURCE, NOW - 60 * DAY, 30.0), model_at(60, fitted))
    plain, other = model_at(30, fitted), model_at(30, told)
    assert (len(plain.offset), len(other.offset)) == (0, 1)
    for one in split.asked(split.hold(SOURCE, NOW - 30 * DAY, 30.0), plain):
        found = rows(plain, one.person)
        before, after = (order_by(model, found, "ranker").score for model in (plain, other))
        assert np.argsort(-before, kind="stable").tolist() == np.argsort(-after, kind="stable").tolist()


def test_a_ranker_that_knows_nothing_or_has_nobody_to_ask_stays_as_it_was():
    fitted = taught()
    against = {**fitted, "ranker": -fitted["ranker"], "tree_leaf": -fitted["tree_leaf"]}
    held = split.hold(SOURCE, NOW - 60 * DAY, 30.0)
    assert calibration.calibrated(against, held, model_at(60, against)) is against
    assert calibration.calibrated(fitted, replace(held, shoppers=()), model_at(60, fitted)) is fitted


def test_no_more_people_are_asked_than_are_wanted(monkeypatch):
    monkeypatch.setattr(calibration, "MOST", 7)
    fitted = taught()
    score, _ = calibration.scores(split.hold(SOURCE, NOW - 60 * DAY, 30.0), model_at(60, fitted))
    assert 1 <= len(score) <= 7 * 24


@pytest.mark.django_db
def test_what_serves_is_calibrated_where_a_window_could_judge_it(shop):  # noqa: F811
    fill(two_tastes())
    run.train(as_of=AS_OF)
    assert "ranker" in store.live().rungs
    assert store.live().offset.shape == (1,)
    run.train(as_of=AS_OF, evaluate=False)
    assert store.live().offset.shape == (0,)
