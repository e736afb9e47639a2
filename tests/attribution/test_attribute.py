import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_personalize.attribution import attribute as module
from django_personalize.attribution.attribute import attribute
from django_personalize.capture.accounts import join
from django_personalize.capture.orders import reconcile, reconcile_orders
from django_personalize.core import clock
from django_personalize.exceptions import PersonalizeError
from django_personalize.models import Credit, Cursor, Decision, Event
from django_personalize.privacy.erase import erase
from django_personalize.privacy.person import of_account
from django_personalize.testing.override import override_personalize
from tests.attribution.world import DAY, HOUR, bought, clicked, money, shopper, shown, table
from tests.conftest import NOON
from tests.people import visitor
from tests.shops import user

pytestmark = pytest.mark.django_db
ONE, NIL = Decimal("1.000000"), Decimal("0.0000")
LINEAR = "django_personalize.attribution.rules.Linear"


@pytest.fixture(autouse=True)
def _shop(memory_shop, frozen):
    """Half past noon: midnight would be a bare day."""
    frozen(timedelta(minutes=30))


@pytest.fixture
def linear(memory_shop):
    with override_personalize(ATTRIBUTION=LINEAR):
        yield


def led(me, item="1", *, before=HOUR, placement="home", slot=1):
    """A decision and a click on it, so long ago."""
    at = clock.now() - before
    clicked(me, shown(me, *["9"] * (slot - 1), item, placement=placement, at=at), item, slot=slot, at=at)


def test_the_last_click_on_the_item_has_earned_the_line():
    me = shopper()
    led(me, before=3 * DAY, placement="also")
    led(me, before=HOUR, slot=4)
    line = bought("A", "1", quantity=2, price=Decimal("2.50"))
    assert attribute().written == 1
    [credit] = Credit.objects.all()
    assert (credit.placement, credit.slot, credit.share) == ("home", 4, ONE)
    assert (credit.amount, credit.refunded, credit.currency) == (Decimal("5.0000"), NIL, "GBP")
    assert (credit.bought_at, credit.clicked_at) == (line.placed_at, line.placed_at - HOUR)
    assert credit.purchase == Event.objects.get(kind="purchase")


def test_another_item_than_the_one_clicked_earns_nothing():
    led(shopper(), "1")
    bought("A", "2")
    assert (attribute().lines, money()) == (1, [])


def test_a_variant_is_its_item():
    led(shopper(), "1")
    bought("A", "1", variant_key="1-red")
    attribute()
    assert money() == [("home", ONE, Decimal("2.5000"), NIL)]


@pytest.mark.parametrize(
    ("before", "credits"), [(7 * DAY, 1), (7 * DAY + timedelta(microseconds=1), 0), (0 * DAY, 1), (-HOUR, 0)]
)
def test_a_click_counts_within_the_window_and_never_afterwards(before, credits):
    led(shopper(), before=before)
    bought("A", "1")
    attribute()
    assert Credit.objects.count() == credits


def test_the_window_is_as_long_as_the_setting_says():
    led(shopper(), before=20 * DAY)
    bought("A", "1")
    with override_personalize(ATTRIBUTION_DAYS=20):
        attribute()
    assert Credit.objects.count() == 1
    assert attribute().rebuilt  # once the setting says something else
    assert Credit.objects.count() == 0


def test_an_order_that_bears_a_day_only_may_have_been_placed_after_the_click():
    led(shopper(), before=HOUR)
    bought("A", "1", placed_at=NOON.replace(hour=0))
    attribute()
    assert money() == [("home", ONE, Decimal("2.5000"), NIL)]


def test_adding_from_the_slot_itself_is_a_click():
    me = shopper()
    clicked(me, shown(me, "1"), "1", kind="add_to_cart", at=clock.now() - HOUR)
    bought("A", "1")
    attribute()
    assert money() == [("home", ONE, Decimal("2.5000"), NIL)]


def test_to_look_at_the_item_is_none():
    me = shopper()
    clicked(me, shown(me, "1"), "1", kind="view_item", at=clock.now() - HOUR)
    bought("A", "1")
    attribute()
    assert money() == []


def test_every_line_of_the_item_is_earned_in_every_order():
    led(shopper())
    bought("A", "1", key="1")
    bought("A", "1", key="2", price=Decimal("4.00"))
    bought("B", "1")
    attribute()
    assert sorted(amount for _, _, amount, _ in money()) == [Decimal("2.5"), Decimal("2.5"), Decimal("4")]


@pytest.mark.usefixtures("linear")
def test_several_clicks_share_a_line_to_the_last_ten_thousandth():
    me = shopper()
    for hours, placement in ((5, "also"), (4, "home"), (3, "deals")):
        led(me, before=hours * HOUR, placement=placement)
    bought("A", "1", quantity=4, cancelled_quantity=1, price=Decimal("0.1001"))
    attribute()
    third = Decimal("0.333333")
    assert money() == [
        ("also", third, Decimal("0.1001"), Decimal("0.0333")),
        ("home", third, Decimal("0.1001"), Decimal("0.0334")),
        ("deals", Decimal("0.333334"), Decimal("0.1001"), Decimal("0.0334")),
    ]


@pytest.mark.usefixtures("linear")
def test_one_slot_that_was_clicked_twice_is_one_click():
    me = shopper()
    decision = shown(me, "1", at=clock.now() - DAY)
    for hours in (3, 1, 2):
        clicked(me, decision, "1", at=clock.now() - hours * HOUR)
    bought("A", "1")
    attribute()
    assert money() == [("home", ONE, Decimal("2.5000"), NIL)]
    assert Credit.objects.get().clicked_at == clock.now() - HOUR


@pytest.mark.usefixtures("linear")
def test_a_click_between_two_orders_is_the_second_ones_alone():
    me = shopper()
    decision = shown(me, "1", at=clock.now() - DAY)
    clicked(me, decision, "1", at=clock.now() - 5 * HOUR)
    bought("A", "1", placed_at=clock.now() - 3 * HOUR)
    clicked(me, decision, "1", at=clock.now() - HOUR)
    bought("B", "1")
    attribute()
    rows = Credit.objects.order_by("bought_at").values_list("purchase__transaction_id", "clicked_at")
    assert list(rows) == [("A", clock.now() - 5 * HOUR), ("B", clock.now() - HOUR)]


def test_a_line_without_a_price_has_a_share_and_no_amount():
    led(shopper())
    bought("A", "1", price=None)
    attribute()
    assert money() == [("home", ONE, None, None)]


def test_what_comes_back_is_taken_back_by_its_quantity(frozen):
    led(shopper())
    bought("A", "1", quantity=4)
    attribute()
    frozen(30 * DAY)
    bought("A", "1", quantity=4, cancelled_quantity=1, placed_at=clock.now() - 30 * DAY, cancelled_at=clock.now())
    assert (attribute().written, money()) == (1, [("home", ONE, Decimal("7.5000"), Decimal("2.5000"))])
    frozen(DAY)
    bought("A", "1", quantity=4, cancelled_quantity=4, placed_at=clock.now() - 31 * DAY, cancelled_at=clock.now())
    assert (attribute().written, money()) == (1, [("home", ONE, NIL, Decimal("10.0000"))])


def test_a_return_that_is_taken_back_gives_the_money_again(frozen):
    led(shopper())
    then = clock.now()
    bought("A", "1", quantity=4, cancelled_quantity=3)
    attribute()
    frozen(DAY)
    attribute()
    frozen(30 * DAY)
    bought("A", "1", quantity=4, placed_at=then)
    assert (attribute().written, money()) == (1, [("home", ONE, Decimal("10.0000"), NIL)])


def test_an_order_that_no_longer_counts_takes_its_credits_along(memory_shop, frozen):
    led(shopper())
    bought("A", "1")
    attribute()
    memory_shop.orders = []
    reconcile_orders(["A"])
    assert Credit.objects.count() == 0


def test_to_run_again_changes_nothing(frozen):
    me = shopper()
    led(me)
    bought("A", "1")
    bought("B", "1", quantity=3, cancelled_quantity=1)
    first = attribute()
    before = list(Credit.objects.values())
    for again in (attribute(), attribute(rebuild=True)):
        assert (again.credited, again.written, again.removed) == (2, 0, 0)
    assert (first.written, list(Credit.objects.values())) == (2, before)


def test_only_what_is_new_or_lately_bought_is_looked_at_again(frozen):
    me = shopper()
    led(me)
    bought("A", "1")
    assert attribute().rebuilt
    frozen(20 * DAY)
    led(me)
    bought("B", "1")
    report = attribute()  # which looks at A too: it was told so shortly before the first run that it may have missed it
    assert (report.rebuilt, report.orders, report.written) == (
        False,
        2,
        1,
    )
    frozen(20 * DAY)
    assert attribute().orders == 1
    assert attribute().orders == 0
    assert attribute(rebuild=True).orders == 2


def test_a_click_that_comes_late_finds_its_order(frozen):
    me = shopper()
    decision, then = shown(me, "1"), clock.now()
    bought("A", "1", placed_at=then + HOUR)
    attribute()
    frozen(40 * DAY)  # a host was away, and its spool is drained now
    attribute()
    assert money() == []
    clicked(me, decision, "1", at=then)
    assert (attribute().written, money()) == (1, [("home", ONE, Decimal("2.5000"), NIL)])


def test_an_order_that_is_told_late_finds_its_click(frozen):
    me = shopper()
    led(me)
    then = clock.now()
    frozen(40 * DAY)
    attribute()
    bought("A", "1", placed_at=then)
    assert (attribute().written, money()) == (1, [("home", ONE, Decimal("2.5000"), NIL)])


def test_clicks_in_another_browser_of_the_account_count():
    phone, desk = shopper(created_at=NOON - 9 * DAY), shopper()
    led(desk)
    bought("A", "1")
    attribute()
    assert Event.objects.get(kind="purchase").visitor_id == phone.pk
    assert Credit.objects.get().decision.visitor_id == desk.pk


def test_a_guest_who_logs_in_later_is_the_same_person():
    shopper()
    guest = visitor("analytics", "personalization")
    led(guest)
    bought("A", "1")
    attribute()
    assert money() == []
    join(guest, "7")
    attribute()
    assert [credit.decision.visitor_id for credit in Credit.objects.all()] == [guest.pk]


def test_a_strangers_click_earns_nothing():
    shopper()
    led(shopper("8"))
    bought("A", "1")
    attribute()
    assert money() == []


def test_a_click_under_somebody_elses_decision_earns_nothing():
    me, other = shopper(), shopper("8")
    clicked(me, shown(other, "1"), "1", at=clock.now() - HOUR)
    bought("A", "1")
    attribute()
    assert money() == []


@pytest.mark.parametrize("purposes", [("analytics",), ("personalization",)])
def test_without_both_a_purchase_of_ones_own_and_a_counted_click_there_is_no_credit(purposes):
    me = shopper("7", *purposes)
    led(me)
    bought("A", "1")
    Event.objects.filter(kind="purchase").update(visitor=me)  # whatever is stored
    attribute()
    assert money() == []


def test_a_lapsed_yes_counts_no_longer(frozen):
    me = shopper()
    led(me)
    bought("A", "1")
    attribute()
    me.answered_at = clock.now() - 391 * DAY
    me.save()
    assert (attribute().removed, money()) == (1, [])


def test_the_shops_own_staff_earn_nothing():
    staff = user("boss")
    staff.is_staff = True
    staff.save()
    led(shopper(str(staff.pk)))
    bought("A", "1", account=str(staff.pk))
    attribute()
    assert money() == []


def test_an_erased_person_leaves_no_credit_and_gets_none_again():
    led(shopper())
    bought("A", "1")
    attribute()
    assert erase(of_account("7"))["credits"] == 1
    reconcile()
    attribute(rebuild=True)
    assert Credit.objects.count() == 0


def test_a_credit_whose_end_went_while_it_was_written_goes_with_the_next_run():
    """As when an order is deleted by somebody who looked for its credits just before there was one."""
    me = shopper()
    led(me)
    led(me, "2")
    bought("A", "1")
    bought("B", "2")
    attribute()
    Event.objects.filter(transaction_id="A")._raw_delete("default")
    Decision.objects.filter(credits__purchase__transaction_id="B")._raw_delete("default")
    assert (Credit.objects.count(), attribute().removed, Credit.objects.count()) == (2, 2, 0)


def test_without_any_click_there_is_nothing_to_do():
    bought("A", "1")
    report = attribute()
    assert (report.orders, Credit.objects.count()) == (0, 0)


def test_what_was_credited_before_all_clicks_went_is_taken_back():
    led(shopper())
    bought("A", "1")
    attribute()
    Event.objects.filter(kind="select_item").delete()
    assert (attribute(rebuild=True).removed, Credit.objects.count()) == (1, 0)


def test_a_rule_that_gives_no_weights_is_named_and_changes_nothing():
    led(shopper())
    bought("A", "1")
    with (
        override_personalize(ATTRIBUTION=f"{__name__}.Nothing"),
        pytest.raises(PersonalizeError, match=r"weights \[\]"),
    ):
        attribute()
    assert not Cursor.objects.exists()


class Nothing:
    def weights(self, touches):
        return []


def test_a_price_larger_than_any_is_no_poison():
    led(shopper())
    bought("A", "1", price=Decimal("99999999999999"), quantity=2**31 - 1)
    attribute()
    assert round(Credit.objects.get().amount / 10**20) == 2147


def test_progress_ends_at_the_total():
    me = shopper()
    led(me)
    for order in "ABC":
        bought(order, "1")
    told = []
    attribute(progress=lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]


def many(people, orders=2):
    """People who each clicked on three items and bought them."""
    for number in range(people):
        me = shopper(f"u{number}")
        for item in "123":
            led(me, item)
        for order in range(orders):
            for item in "123":
                bought(f"{number}-{order}", item, key=item, account=f"u{number}")


def test_the_number_of_queries_does_not_depend_on_the_number_of_orders():
    many(2)
    attribute()
    Credit.objects.all().delete()
    with CaptureQueriesContext(connection) as few:
        attribute(rebuild=True)
    Credit.objects.all().delete()
    many(12)
    with CaptureQueriesContext(connection) as more:
        attribute(rebuild=True)
    assert Credit.objects.count() == 72
    assert len(few) == len(more)


@pytest.mark.parametrize("at_once", [1, 2, 3, 500])
def test_where_batches_end_makes_no_difference(monkeypatch, at_once):
    many(4)
    attribute()
    whole = table()
    assert len(whole) == 24
    Credit.objects.all().delete()
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    attribute(rebuild=True)
    assert table() == whole


@pytest.mark.parametrize("rule", ["LastClick", "Linear"])
@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_things_come_to_be_known_the_credits_are_those_of_a_rebuild(seed, rule, frozen, memory_shop):
    """Runs between random steps: clicks, late ones too, orders, returns up and down, cancellations."""
    chance = random.Random(seed)
    people = [shopper("7"), shopper("7", created_at=NOON - DAY), shopper("8"), shopper("9", "analytics")]
    decisions = [
        (each, shown(each, "1", "2", placement=place, at=NOON - 60 * DAY))
        for each in people
        for place in ("home", "also")
    ]
    with override_personalize(ATTRIBUTION=f"django_personalize.attribution.rules.{rule}"):
        for step in range(80):
            frozen(timedelta(hours=300 if chance.random() < 0.05 else chance.choice([0, 0, 1, 2, 5, 9])))
            act = chance.random()
            if act < 0.45:
                whose, decision = chance.choice(decisions)
                slot = chance.choice([1, 2])
                late = timedelta(hours=chance.choice([0, 0, 0, 1, 1, 30, 200, 900]))
                kind = chance.choice(["select_item", "select_item", "add_to_cart"])
                clicked(whose, decision, str(slot), slot=slot, at=clock.now() - late, kind=kind)
            elif act < 0.75:
                late = timedelta(hours=chance.choice([0, 0, 0, 2, 40, 400]))
                count = chance.randint(1, 3)
                for item in chance.sample("123", 2):
                    bought(
                        f"O{step}", item, key=item, quantity=count, account=chance.choice("789"),
                        placed_at=clock.now() - late,
                    )  # fmt: skip
            elif memory_shop.orders and act < 0.96:
                place = chance.randrange(len(memory_shop.orders))
                old = memory_shop.orders[place]
                back = chance.randint(0, old.quantity)
                bought(
                    old.order_key, old.item_key, key=old.item_key, quantity=old.quantity, account=old.user_key,
                    placed_at=old.placed_at, cancelled_quantity=back, cancelled_at=clock.now() if back else None,
                )  # fmt: skip
            elif memory_shop.orders:
                gone = chance.choice(memory_shop.orders).order_key
                memory_shop.orders = [each for each in memory_shop.orders if each.order_key != gone]
                reconcile_orders([gone])
            if chance.random() < 0.6:
                attribute()
        attribute()
        found = table()
        Credit.objects.all().delete()
        attribute(rebuild=True)
        assert found == table()
    shares = {}
    for credit in Credit.objects.all():
        shares[credit.purchase_id] = shares.get(credit.purchase_id, 0) + credit.share
    assert set(shares.values()) <= {ONE}
    assert len(shares) >= 5
