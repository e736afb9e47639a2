from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from django_personalize.simulator.behaviour import ADDS, REMOVES, Life, live
from django_personalize.simulator.truth import Truth
from django_personalize.simulator.world import moment
from tests.simulator.small import SMALL


def test_who_said_no_leaves_orders_and_nothing_else():
    truth, log = Truth(SMALL, 0), live(SMALL, seed=0)
    silent = {key for key, yes in zip(truth.shopper_keys, truth.consents, strict=True) if not yes}
    assert silent & {line.shopper for line in log.lines}
    assert not silent & {deed.shopper for deed in log.deeds}
    assert not any(log.history(key) for key in silent)
    linked = log.orders(SMALL.end).person_keys
    assert linked
    assert not silent & set(linked)


def test_a_buying_visit_buys_what_it_came_for():
    world = replace(SMALL, returns=0.0)
    truth, log = Truth(world, 0), live(world, seed=0)
    came_for = {f"order-{visit.number:06}": visit.lines for visit in truth.visits if visit.buying}
    assert Counter(line.order for line in log.lines) == came_for


def test_what_comes_back_is_known_only_from_its_day_on():
    log = live(SMALL, seed=0)
    back = log.backs[0]
    before, after = log.orders(back.at - 1), log.orders(back.at)
    assert len(after.back_item) == len(before.back_item) + 1
    placed = next(line.at for line in log.lines if (line.order, line.item) == (back.order, back.item))
    assert 3 <= (back.at - placed) / 86_400 <= 20


def test_slots_further_down_are_looked_at_less_often():
    truth = Truth(replace(SMALL, consent=1.0), 0)
    life = Life(truth)
    for visit in life.until(SMALL.days):
        life.happen(visit, truth.shelf.item_keys[:8])
    seen = Counter(deed.slot for deed in life.log.deeds if deed.kind == "view_item_list")
    assert seen[1] == len(truth.visits)
    assert seen[8] / seen[1] == pytest.approx(8**-SMALL.fading, abs=0.06)


def test_expected_clicks_are_what_happens_on_average():
    truth = Truth(replace(SMALL, consent=1.0, shoppers=200), 0)
    life = Life(truth)
    expected = 0.0
    for visit in life.until(SMALL.days):
        shown = truth.shelf.item_keys[:8]
        expected += life.expect(visit, shown).clicks
        life.happen(visit, shown)
    clicks = sum(deed.kind == "select_item" for deed in life.log.deeds)
    assert clicks == pytest.approx(expected, abs=4 * expected**0.5)
    assert clicks > 100


def test_a_page_is_worth_what_is_clicked_kept_and_paid():
    truth = Truth(SMALL, 0)
    life = Life(truth)
    visit = next(visit for visit in life.until(SMALL.days) if visit.buying)
    shown = [truth.shelf.item_keys[place] for place in (3, 5)]
    chances = truth.click(visit.shopper, visit.at, life.owned(visit.shopper))[[3, 5]]
    seen = [1.0, 2**-SMALL.fading]
    found = life.expect(visit, shown)
    assert found.clicks == pytest.approx(float(chances @ seen))
    assert found.purchases == pytest.approx(found.clicks * ADDS * (1 - REMOVES))
    prices = truth.price(visit.at)[[3, 5]]
    assert found.money == pytest.approx(float((chances * seen) @ prices) * ADDS * (1 - REMOVES))


def test_bots_look_at_much_and_buy_nothing():
    log = live(SMALL, seed=0)
    looks = Counter(deed.shopper for deed in log.deeds if deed.kind == "view_item")
    bots = {key for key in looks if key.startswith("visitor-")}
    assert len(bots) == SMALL.bots
    assert min(looks[bot] for bot in bots) > max(count for key, count in looks.items() if key not in bots)
    assert not bots & {line.shopper for line in log.lines}


def test_the_visits_are_the_same_whatever_is_shown():
    truth = Truth(SMALL, 0)
    plain, shown = Life(truth), Life(truth)
    for life, page in ((plain, ()), (shown, truth.shelf.item_keys[:8])):
        for visit in life.until(SMALL.days):
            life.happen(visit, page)
    first = truth.visits[0]
    bought = [{line.item for line in life.log.lines if line.at < moment(first.at) + 3_600} for life in (plain, shown)]
    assert bought[0] <= bought[1]
    assert len(shown.log.lines) > len(plain.log.lines)
