from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from django_personalize.simulator.truth import NOVELTY_HALF_LIFE, SALE_PRICE, Truth
from django_personalize.simulator.world import Choice, day_of
from tests.simulator.small import SMALL

NOTHING = np.zeros(SMALL.items)


@pytest.mark.parametrize("choice", Choice)
def test_wishes_are_shares_of_what_is_on_the_shelf(choice):
    truth = Truth(replace(SMALL, choice=choice), 0)
    wanted = truth.want(0, 10.0, NOTHING)
    assert wanted.sum() == pytest.approx(1.0)
    assert not truth.on_shelf(10.0).all()
    assert not wanted[~truth.on_shelf(10.0)].any()


def test_where_choice_is_by_popularity_everybody_wants_the_same():
    truth = Truth(replace(SMALL, choice=Choice.POPULARITY), 0)
    owned = NOTHING + 1.0
    assert (truth.want(0, 10.0, owned) == truth.want(7, 10.0, NOTHING)).all()


def test_where_choice_is_by_tastes_people_differ_and_go_back_to_what_they_bought():
    truth = Truth(SMALL, 0)
    fresh = truth.want(0, 10.0, NOTHING)
    assert np.abs(fresh - truth.want(7, 10.0, NOTHING)).sum() > 0.5
    once = NOTHING.copy()
    once[int(np.flatnonzero(truth.on_shelf(10.0))[0])] = 1.0
    assert (truth.want(0, 10.0, once) > fresh)[once > 0].all()


def test_a_collector_never_wants_the_same_twice():
    truth = Truth(replace(SMALL, choice=Choice.RULES), 0)
    wanted = np.array([truth.want(shopper, 10.0, NOTHING) for shopper in range(SMALL.shoppers)])
    best = wanted.argmax(axis=1)
    left = []
    for shopper, place in enumerate(best.tolist()):
        owned = NOTHING.copy()
        owned[place] = 1.0
        left.append(truth.want(shopper, 10.0, owned)[place] / wanted[shopper, place])
    assert sorted({round(share, 2) for share in left}) == [0.0, 1.0]


def test_a_sale_lowers_the_price_and_ends():
    truth = Truth(SMALL, 0)
    first = truth.reduced(0.0)
    assert first.any()
    assert not first.all()
    assert truth.price(0.0)[first] == pytest.approx(SALE_PRICE * truth.list_price()[first], abs=0.006)
    assert (truth.price(0.0)[~first] == truth.list_price()[~first]).all()
    assert not (truth.reduced(14.5) & first).any()


def test_a_new_item_starts_with_an_edge_that_halves_in_twenty_days():
    world = replace(SMALL, drift=0.0, season=0.0)
    new, old = Truth(world, 0), Truth(replace(world, novelty=0.0), 0)
    arrives = [day_of(new.shelf.catalogue.created[key]) for key in new.shelf.item_keys]
    item, day = next((item, day + 1e-6) for item, day in enumerate(arrives) if 0.0 < day < 30.0)
    edge = [new.appeal(day + later)[item] - old.appeal(day + later)[item] for later in (0.0, NOVELTY_HALF_LIFE)]
    assert edge == pytest.approx([world.novelty, world.novelty / 2])


def test_nobody_comes_back_after_the_last_visit_and_somebody_joins_later():
    truth = Truth(replace(SMALL, churn=1.0), 0)
    shoppers = [visit.shopper for visit in truth.visits]
    assert len(shoppers) == len(set(shoppers))
    assert [visit.at for visit in truth.visits] == sorted(visit.at for visit in truth.visits)
    assert max(visit.at for visit in truth.visits) > SMALL.days / 2
