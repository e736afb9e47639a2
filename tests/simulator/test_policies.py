from __future__ import annotations

from dataclasses import replace

import pytest

from django_personalize.simulator.behaviour import Life
from django_personalize.simulator.log import Line, Log
from django_personalize.simulator.policies import Personal, Popular, Random, recent, row, trained
from django_personalize.simulator.truth import Truth
from django_personalize.simulator.world import moment
from tests.simulator.small import SMALL

DAY = 60.0
AT = moment(DAY)


@pytest.fixture
def shop(settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "TRAINERS": ["django_personalize.testing.doubles.SingularTrainer"]}
    truth = Truth(replace(SMALL, consent=1.0), 0)
    life = Life(truth)
    for visit in life.until(DAY):
        life.happen(visit)
    return life.log, truth.shelf


def test_before_the_first_order_everybody_shows_the_newest(shop):
    _, shelf = shop
    assert trained(Log(), shelf, AT, seed=0) is None
    assert recent(Log(), shelf, AT) is None
    shown = row("personal", None, Log(), shelf, "ann", AT, 8)
    ages = [AT - shelf.catalogue.created[key] for key in shown]
    assert ages == sorted(ages)
    assert min(ages) >= -1.0
    assert shown == list(shelf.newest(AT, 8))


def test_popular_is_what_sold_in_the_last_days(shop):
    log, shelf = shop
    policy = Popular()
    policy.learn(log, shelf, AT)
    worth = {}
    for line in log.lines:
        worth[line.item] = worth.get(line.item, 0.0) + 2 ** ((line.at - AT) / (7 * 86_400))
    best = sorted(worth, key=lambda key: -worth[key])[:8]
    assert set(policy.page("nobody", AT, 8)) == set(best)


def test_a_short_ranking_is_filled_up_with_the_newest(shop):
    _, shelf = shop
    log = Log()
    log.bought([Line(order="1", shopper="ann", item="item-00001", quantity=1, price=1.0, list_price=1.0, at=AT - 9)])
    shown = row("best_sellers", recent(log, shelf, AT), log, shelf, "ann", AT, 5)
    assert shown[0] == "item-00001"
    assert shown[1:] == [key for key in shelf.newest(AT, 5) if key != "item-00001"][:4]


def test_a_frozen_policy_learns_once_and_another_again(shop):
    log, shelf = shop
    early = Log(consenting=set(log.consenting))
    early.bought(log.lines[:40])
    frozen, again = Personal(seed=0, frozen=True), Personal(seed=0)
    for policy in (frozen, again):
        policy.learn(early, shelf, AT)
        policy.learn(log, shelf, AT)
    popular = Popular()
    popular.learn(early, shelf, AT)
    assert frozen.page("nobody", AT, 8) == popular.page("nobody", AT, 8)
    popular.learn(log, shelf, AT)
    assert again.page("nobody", AT, 8) == popular.page("nobody", AT, 8)
    assert frozen.page("nobody", AT, 8) != again.page("nobody", AT, 8)


def test_chance_shows_different_things_that_are_on_the_shelf(shop):
    log, shelf = shop
    policy = Random(seed=0)
    policy.learn(log, shelf, AT)
    pages = [tuple(policy.page("nobody", AT, 8)) for _ in range(5)]
    assert len(set(pages)) == 5
    assert all(len(set(page)) == 8 for page in pages)
    assert {key for page in pages for key in page} <= set(shelf.at(AT).category)
