from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from django_personalize.models import Event
from django_personalize.segments import features, people
from tests.segments.small import AS_OF, shopper, sold, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_shop):
    """Items 1 and 2 are of the category Light, 3 and 4 of Kitchen."""


@pytest.fixture
def me():
    return shopper("7")


def row(name, person=0):
    return getattr(features.load(AS_OF), name)[person].item()


def test_recency_tenure_and_frequency_count_orders_of_which_something_was_kept(me):
    sold(me, "a", "1", days=100)
    sold(me, "a", "2", days=100)
    sold(me, "b", "1", days=40)
    sold(me, "c", "1", days=3, quantity=2)
    sold(me, "c", "1", days=1, quantity=2, kind="refund")
    assert (row("orders"), row("recency"), row("tenure")) == (2, 40.0, 100.0)


def test_money_is_net_of_returns_and_of_other_currencies(me):
    sold(me, "a", "1", quantity=3, price=Decimal("10"))
    sold(me, "a", "1", kind="refund", quantity=1)
    sold(me, "b", "2", quantity=1, price=Decimal("5"))
    sold(me, "c", "2", quantity=1, price=Decimal("99"), currency="USD")
    sold(me, "d", "2", quantity=1, price=None)
    assert (row("money"), row("average"), row("orders")) == (25.0, 12.5, 4)


def test_a_return_of_two_lines_of_one_item_is_taken_from_both(me):
    sold(me, "a", "1", quantity=2, item_variant="red")
    sold(me, "a", "1", quantity=2, item_variant="blue")
    sold(me, "a", "1", quantity=3, kind="refund")
    assert row("money") == 10.0
    assert row("returned") == pytest.approx(0.75)


def test_gaps_are_between_days_with_an_order(me):
    for order, days in (("a", 70.2), ("b", 50.2), ("c", 50.1), ("d", 10.2)):
        sold(me, order, days=days)
    assert (row("gaps"), row("gap")) == (2, 30.0)
    assert row("irregularity") == pytest.approx(1 / 3)


def test_one_gap_says_nothing_of_regularity(me):
    sold(me, "a", days=20)
    sold(me, "b", days=10)
    assert (row("gaps"), row("gap")) == (1, 10.0)
    assert np.isnan(row("irregularity"))


def test_the_share_below_the_list_price_is_counted_in_lines_and_in_money(me):
    sold(me, "a", "1", price=Decimal("10"))
    sold(me, "a", "2", price=Decimal("30"), list_price=Decimal("40"))
    sold(me, "a", "3", price=None)
    assert (row("judged"), row("reduced"), row("reduced_money")) == (2, 1, 0.75)
    assert features.load(AS_OF).judged_by == "list_price"


def test_affinity_is_the_share_of_lines_and_keeps_the_largest_three(me, memory_shop):
    for order, item in (("a", "1"), ("a", "2"), ("b", "3"), ("c", "gone")):
        sold(me, order, item)
    found = features.load(AS_OF)
    assert list(found.categories.of(0).items()) == [("Light", 0.667), ("Kitchen", 0.333)]
    assert found.brands.of(0) == {}


def test_looks_and_searches_of_the_last_thirty_days_count_and_the_device_of_most(me):
    told(me, "view_item", "1", days=29.9, device="mobile")
    told(me, "view_item", "1", days=5, device="desktop")
    told(me, "search", days=4, device="mobile")
    told(me, "view_item", "1", days=30, device="tablet")
    assert (row("views"), row("searches"), row("device"), row("seen")) == (2, 1, "mobile", 4.0)


def test_a_cart_holds_what_was_put_in_less_what_was_taken_out_since_the_last_order(me):
    told(me, "add_to_cart", "4", days=9)
    told(me, "add_to_cart", "9", days=8)
    sold(me, "a", "4", days=8)
    told(me, "add_to_cart", "1", days=5, quantity=2)
    told(me, "add_to_cart", "2", days=4)
    told(me, "add_to_cart", "3", days=3)
    told(me, "remove_from_cart", "1", days=2)
    told(me, "remove_from_cart", "3", days=2)
    assert (row("basket"), row("basket_age")) == (2, 4.0)


def test_whoever_did_nothing_is_there_and_nothing_is_known_of_them(me):
    found = features.load(AS_OF)
    assert len(found) == 1
    assert (row("orders"), row("money"), row("device"), row("basket")) == (0, 0.0, "", 0)
    assert all(np.isnan(row(name)) for name in ("recency", "gap", "returned", "seen", "basket_age", "reduced_money"))


def test_two_browsers_of_an_account_are_one_person_and_rows_of_nobody_are_nobodys(me):
    sold(me, "a", days=20)
    sold(shopper("7"), "b", days=10)
    sold(None, "c", days=5)
    assert (row("orders"), row("gap")) == (2, 10.0)


def test_people_are_sorted_by_key_and_batches_give_what_one_pass_gives(monkeypatch):
    for number in range(7):
        who = shopper(str(number))
        for order in range(number):
            sold(who, f"{number}-{order}", str(order % 4 + 1), days=10 * order + number)
        told(who, "view_item", "1", days=number)
    whole = features.load(AS_OF)
    monkeypatch.setattr(people.People.batches, "__defaults__", (2,))
    parts = features.load(AS_OF)
    assert whole.people.keys == tuple(f"user:{number}" for number in range(7))
    assert whole.orders.tolist() == [0, 1, 2, 3, 4, 5, 6]
    for field in fields(whole):
        one, other = getattr(whole, field.name), getattr(parts, field.name)
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), field.name


def test_nothing_later_than_the_moment_counts_and_moving_every_date_by_a_week_changes_nothing(me):
    sold(me, "a", days=50, price=Decimal("10"))
    sold(me, "b", days=10.4, price=Decimal("8"))
    told(me, "view_item", "1", days=2)
    before = features.load(AS_OF)
    assert before.reduced.tolist() == [1]
    sold(me, "c", days=-0.1)
    told(me, "add_to_cart", "1", days=-0.1)
    for event in Event.objects.all():
        Event.objects.filter(pk=event.pk).update(occurred_at=event.occurred_at + timedelta(weeks=3))
    after = features.load(AS_OF + timedelta(weeks=3))
    for field in fields(before):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), field.name


def test_the_queries_do_not_grow_with_people(django_assert_num_queries):
    for number in range(5):
        sold(shopper(str(number)), str(number), days=40)
    with django_assert_num_queries(8):
        features.load(AS_OF)
