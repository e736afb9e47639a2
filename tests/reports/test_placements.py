from datetime import timedelta
from decimal import Decimal

import pytest

from django_personalize.attribution.attribute import attribute
from django_personalize.core import clock
from django_personalize.core.types import ImpressionDraft
from django_personalize.events import store
from django_personalize.privacy.withdraw import change
from django_personalize.reports.placements import Arm, Money, placement_report
from tests.attribution.world import DAY, HOUR, bought, clicked, shopper, shown
from tests.conftest import NOON
from tests.people import visitor
from tests.shops import user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_shop, frozen):
    frozen(timedelta(minutes=30))


def seen(decision, *slots):
    store.insert_impressions(
        [ImpressionDraft(decision_id=decision, slot=slot, item_key="1", seen_at=clock.now()) for slot in slots]
    )


def report():
    return placement_report(NOON - DAY, NOON + DAY)


def row(name="home"):
    return next(row for row in report().rows if row.placement == name)


def test_an_empty_shop_has_an_empty_report():
    found = report()
    assert (found.rows, found.sold, found.traceable, found.held, found.treated) == ((), 0, 0, None, None)


def test_what_was_chosen_seen_clicked_and_bought_stands_by_placement():
    me = shopper()
    first, second, other = shown(me, "1", "2"), shown(me, "1", "3"), shown(me, "4", placement="also")
    seen(first, 1, 2)
    seen(second, 1, 2)
    clicked(me, first, "1", at=clock.now() - HOUR)
    clicked(me, first, "1", at=clock.now() - HOUR)  # twice, and one click
    clicked(me, first, "2", slot=2, at=clock.now() - HOUR)
    clicked(me, second, "3", slot=2, at=clock.now() - HOUR)
    clicked(me, other, "4", kind="add_to_cart", placement="also")
    bought("A", "1", key="1", quantity=4, cancelled_quantity=1, price=Decimal("2.00"))
    bought("A", "2", key="2", price=Decimal("3.00"), currency="EUR")
    bought("A", "8", key="3")
    attribute()
    home, also = row(), row("also")
    assert (home.decisions, home.impressions, home.clicks, home.click_rate) == (2, 4, 3, 0.75)
    assert home.money == (
        Money(currency="EUR", purchases=Decimal("1"), revenue=Decimal("3"), refunds=Decimal("0")),
        Money(currency="GBP", purchases=Decimal("1"), revenue=Decimal("6"), refunds=Decimal("2")),
    )
    assert (also.decisions, also.impressions, also.clicks, also.click_rate, also.money) == (1, 0, 0, None, ())
    assert (report().sold, report().traceable) == (3, 3)


def test_revenue_stands_on_the_day_of_the_purchase_and_a_click_on_that_of_its_decision():
    me = shopper()
    old = shown(me, "1", at=NOON - 2 * DAY)
    seen(old, 1)
    clicked(me, old, "1", at=NOON - 2 * DAY)
    bought("A", "1", price=Decimal("5.00"))
    attribute()
    found = row()
    assert (found.decisions, found.impressions, found.clicks) == (0, 0, 0)
    assert found.money[0].revenue == Decimal("5")
    before = placement_report(NOON - 3 * DAY, NOON - DAY).rows[0]
    assert (before.decisions, before.impressions, before.clicks, before.money) == (1, 1, 1, ())


def test_the_end_of_a_period_is_the_beginning_of_the_next():
    me = shopper()
    shown(me, "1", at=NOON + DAY)
    shown(me, "1", at=NOON - DAY)
    assert row().decisions == 1
    assert placement_report(NOON + DAY, NOON + 2 * DAY).rows[0].decisions == 1


def test_a_line_without_a_price_is_a_purchase_without_revenue():
    me = shopper()
    clicked(me, shown(me, "1"), "1", at=clock.now() - HOUR)
    bought("A", "1", price=None, currency="")
    attribute()
    assert row().money == (Money(currency="", purchases=Decimal(1), revenue=Decimal(0), refunds=Decimal(0)),)


def test_only_who_lets_it_be_counted_now_is_counted():
    shown(visitor("personalization"), "1")
    me = shopper()
    decision = shown(me, "1")
    seen(decision, 1)
    clicked(me, decision, "1", at=clock.now() - HOUR)
    bought("A", "1")
    attribute()
    assert row().decisions == 1
    change(me.pk, [], refused=True)
    assert report().rows == ()
    assert (report().sold, report().traceable) == (1, 0)


def test_the_shops_own_staff_are_nobody():
    staff = user("boss")
    staff.is_staff = True
    staff.save()
    shown(shopper(str(staff.pk)), "1")
    assert report().rows == ()


def test_the_held_out_are_compared_in_counts():
    people = [shopper(str(number)) for number in range(3)]
    for number, me in enumerate(people):
        for _ in range(2):
            decision = shown(me, "1", experiment="holdout", holdout=number == 0)
        clicked(me, decision, "1", at=clock.now() - HOUR)
    shown(shopper("9"), "1")  # from before anybody was drawn
    bought("A", "2", account="0")
    bought("B", "2", account="0")
    bought("C", "2", account="1")
    found = report()
    assert found.held == Arm(browsers=1, decisions=2, clicks=1, buyers=1)
    assert found.treated == Arm(browsers=2, decisions=4, clicks=2, buyers=1)


def test_it_costs_the_same_number_of_queries_however_much_was_shown(django_assert_num_queries):
    for number in range(20):
        shown(shopper(str(number)), "1", placement=f"p{number}")
        if number in (0, 19):
            with django_assert_num_queries(13):
                report()
