"""Orders as they come over HTTP, and the purchases and refunds that follow from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from django_personalize.api import orders
from django_personalize.capture.orders import reconcile
from django_personalize.models import Event, FeedLine, OrderLink, Visitor
from tests.api.conftest import during, line, order, product, several_writers, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
FEBRUARY = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _catalogue(ok, frozen):
    ok("products/", {"products": [product("1"), product("2"), product("red", item_group_id="mug")]})


def facts(*fields):
    """The purchases and refunds, in the order of their lines."""
    rows = Event.objects.filter(kind__in=("purchase", "refund")).order_by("transaction_id", "item_key", "kind")
    return list(rows.values_list("kind", "transaction_id", *(fields or ("item_key", "quantity"))))


def owners():
    """Whose each order's purchases are: a browser's number, or None."""
    rows = Event.objects.filter(kind="purchase").order_by("transaction_id")
    return dict(rows.values_list("transaction_id", "visitor__user_key"))


def test_a_line_is_kept_as_it_was_told(ok):
    answer = ok(
        "orders/",
        {
            "orders": [
                {
                    "id": "A",
                    "placed_at": "2026-02-01T13:00:00+01:00",
                    "status": "placed",
                    "currency": "GBP",
                    "user": "77",
                    "visitor": "b1",
                    "updated": "2026-02-02T00:00:00Z",
                    "lines": [
                        {
                            "line": 1,
                            "item": "red",
                            "quantity": 3,
                            "cancelled_quantity": 1,
                            "cancelled_at": "2026-02-05T00:00:00Z",
                            "price": "6.50",
                            "list_price": 8,
                        }
                    ],
                }
            ]
        },
    )
    assert answer == {"accepted": 1, "stale": 0, "errors": []}
    [row] = FeedLine.objects.values()
    assert row == {
        "id": row["id"],
        "order_key": "A",
        "line_key": "1",
        "item_key": "red",
        "quantity": 3,
        "cancelled_quantity": 1,
        "cancelled_at": datetime(2026, 2, 5, tzinfo=UTC),
        "placed_at": FEBRUARY,
        "placed": True,
        "price": Decimal("6.50"),
        "list_price": Decimal("8"),
        "currency": "GBP",
        "user_key": "",
        "updated": datetime(2026, 2, 2, tzinfo=UTC),
    }


def test_purchases_and_refunds_follow_in_the_same_request(ok):
    ok("orders/", {"orders": [order("A", "red", lines=[line("red", quantity=3, cancelled_quantity=1, price="6.50")])]})
    assert facts("item_key", "item_variant", "quantity", "price", "currency", "occurred_at", "visitor") == [
        ("purchase", "A", "mug", "red", 3, Decimal("6.50"), "GBP", FEBRUARY, None),
        ("refund", "A", "mug", "red", 1, Decimal("6.50"), "GBP", FEBRUARY, None),
    ]


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_again_changes_nothing(ok, times):
    body = {"orders": [order("A", "1", "2"), order("B", "red")]}
    first = (
        ok("orders/", body),
        list(FeedLine.objects.order_by("pk").values()),
        list(Event.objects.order_by("pk").values()),
    )
    for _ in range(times):
        assert (
            ok("orders/", body),
            list(FeedLine.objects.order_by("pk").values()),
            list(Event.objects.order_by("pk").values()),
        ) == first


def test_an_order_replaces_its_former_lines_and_no_other_orders(ok):
    ok("orders/", {"orders": [order("A", "1", "2"), order("B", "1")]})
    ok("orders/", {"orders": [order("A", lines=[line("2", quantity=5), line("red")])]})
    assert facts() == [("purchase", "A", "2", 5), ("purchase", "A", "mug", 1), ("purchase", "B", "1", 1)]


def test_a_cancelled_order_gives_everything_back_when_it_was_cancelled(ok):
    body = order("A", lines=[line("1", quantity=2, cancelled_quantity=1), line("2")])
    ok("orders/", {"orders": [body | {"status": "cancelled", "cancelled_at": "2026-02-05T00:00:00Z"}]})
    when = datetime(2026, 2, 5, tzinfo=UTC)
    assert facts("item_key", "quantity", "occurred_at") == [
        ("purchase", "A", "1", 2, FEBRUARY), ("refund", "A", "1", 2, when),
        ("purchase", "A", "2", 1, FEBRUARY), ("refund", "A", "2", 1, when),
    ]  # fmt: skip
    ok("orders/", {"orders": [body]})
    assert facts() == [("purchase", "A", "1", 2), ("refund", "A", "1", 1), ("purchase", "A", "2", 1)]


def test_an_unpaid_order_is_nothing_sold_until_it_is(ok):
    ok("orders/", {"orders": [order("A", "1", status="unpaid")]})
    assert facts() == []
    ok("orders/", {"orders": [order("A", "1")]})
    assert facts() == [("purchase", "A", "1", 1)]
    ok("orders/", {"orders": [order("A", "1", status="unpaid")]})
    assert facts() == []


def test_what_is_older_than_what_is_known_does_not_undo_it(ok):
    placed = order("A", "1", updated="2026-02-01T12:00:00Z")
    ok("orders/", {"orders": [placed | {"status": "cancelled", "updated": "2026-02-03T00:00:00Z"}]})
    assert ok("orders/", {"orders": [placed, order("B", "2")]}) == {"accepted": 1, "stale": 1, "errors": []}
    assert facts() == [("purchase", "A", "1", 1), ("refund", "A", "1", 1), ("purchase", "B", "2", 1)]


def test_an_order_may_come_before_its_product(ok):
    ok("orders/", {"orders": [order("A", "late")]})
    ok("products/", {"products": [product("late", item_group_id="family")]})
    reconcile()
    assert facts("item_key", "item_variant") == [("purchase", "A", "family", "late")]


def test_a_full_run_over_the_orders_finds_nothing_to_mend(ok):
    ok("orders/", {"orders": [order("A", "1", "2", user="77"), order("B", "red", status="cancelled")]})
    report = reconcile()
    assert (report.lines, report.orders, report.written, report.removed) == (3, 2, 0, 0)


WRONG = [
    ({"id": ...}, "id", "nothing"),
    ({"id": None}, "id", "null"),
    ({"placed_at": ...}, "placed_at", "nothing"),
    ({"placed_at": "yesterday"}, "placed_at", '"yesterday"'),
    ({"placed_at": "2026-02-01T12:00:00"}, "placed_at", '"2026-02-01T12:00:00"'),
    ({"status": "paid"}, "status", '"paid"'),
    ({"currency": "pounds"}, "currency", '"pounds"'),
    ({"user": "mia@example.com"}, "user", '"mia@example.com"'),
    ({"visitor": "mia@example.com"}, "visitor", '"mia@example.com"'),
    ({"visitor": {"id": 1}}, "visitor", '{"id": 1}'),
    ({"lines": ...}, "lines", "nothing"),
    ({"lines": []}, "lines", "[]"),
    ({"lines": {"1": 1}}, "lines", '{"1": 1}'),
    ({"lines": [1]}, "lines[0]", "1"),
    ({"lines": [line("1"), line("2", quantity=0)]}, "lines[1].quantity", "0"),
    ({"lines": [line("1", quantity="many")]}, "lines[0].quantity", '"many"'),
    ({"lines": [line("1", quantity=2**31)]}, "lines[0].quantity", "2147483648"),
    ({"lines": [line("1", quantity=1.5)]}, "lines[0].quantity", "1.5"),
    ({"lines": [line("1", cancelled_quantity=2)]}, "lines[0].cancelled_quantity", "2"),
    ({"lines": [line("1", cancelled_quantity=-1)]}, "lines[0].cancelled_quantity", "-1"),
    ({"lines": [line("1", price="free")]}, "lines[0].price", '"free"'),
    ({"lines": [line("1", price="2.50 GBP")]}, "lines[0].price", '"2.50 GBP"'),
    ({"lines": [line("1", price=-1)]}, "lines[0].price", "-1"),
    ({"lines": [line("1", price="1e30")]}, "lines[0].price", '"1e30"'),
    ({"lines": [line("1", item=...)]}, "lines[0].item", "nothing"),
    ({"lines": [line("1", line=...)]}, "lines[0].line", "nothing"),
    ({"lines": [line("1"), line("1")]}, "lines[1].line", '"1-line"'),
    ({"lines": [line("1", cancelled_qty=1)]}, "lines[0].cancelled_qty", "1"),
    ({"placedat": "x"}, "placedat", '"x"'),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "name", "found"), WRONG)
def test_what_is_wrong_is_named_and_its_order_alone_is_left_out(ok, changes, name, found):
    answer = ok("orders/", {"orders": [order("A", "1"), order("B", "1", **changes), order("C", "1")]})
    assert answer["accepted"] == 2
    [error] = answer["errors"]
    assert (error["index"], error["name"], error["found"]) == (1, name, found)
    assert error["wanted"]
    assert facts() == [("purchase", "A", "1", 1), ("purchase", "C", "1", 1)]


def test_a_near_miss_of_a_name_is_told(send):
    response = send("orders/", {"orders": [order("A", lines=[line("1", cancelled_quantitty=1)])]})
    assert response.json()["errors"][0]["wanted"] == "no such name; did you mean 'cancelled_quantity'?"


def test_an_order_twice_in_a_batch_is_refused_the_second_time(ok):
    answer = ok("orders/", {"orders": [order("A", "1"), order("A", "2")]})
    assert [(each["index"], each["wanted"]) for each in answer["errors"]] == [
        (1, "each order once; it is at index 0 too")
    ]
    assert facts() == [("purchase", "A", "1", 1)]


class TestWhoseTheyAre:
    def test_without_a_yes_nothing_ties_two_orders_of_one_account(self, ok):
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1"), order("B", "2", user="77", visitor="b1")]})
        assert not FeedLine.objects.exclude(user_key="").exists()
        assert not OrderLink.objects.exists()
        assert not Visitor.objects.exists()
        assert owners() == {"A": None, "B": None}

    def test_analytics_alone_ties_nothing_either(self, ok):
        ok("events/", told("b1", user="77", granted=["analytics"]))
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1")]})
        assert (owners(), FeedLine.objects.get().user_key, OrderLink.objects.count()) == ({"A": None}, "", 0)

    def test_with_a_yes_an_accounts_orders_are_theirs(self, ok):
        ok("events/", told("b1", user="77"))
        ok("orders/", {"orders": [order("A", "1", user="77"), order("B", "1", user="78")]})
        assert owners() == {"A": "77", "B": None}

    def test_past_orders_that_are_sent_again_after_a_yes_become_theirs(self, ok):
        past = {"orders": [order("A", "1", user="77"), order("B", "2", user="77")]}
        ok("orders/", past)
        ok("events/", told("b1", user="77"))
        assert owners() == {"A": None, "B": None}
        ok("orders/", past)
        assert owners() == {"A": "77", "B": "77"}

    def test_a_guests_order_is_its_browsers(self, ok):
        ok("events/", told("b1"))
        ok("orders/", {"orders": [order("A", "1", visitor="b1"), order("B", "1", visitor="b2")]})
        assert owners() == {"A": "", "B": None}
        assert OrderLink.objects.get().order_key == "A"

    def test_an_order_is_not_tied_to_another_account_of_the_same_browser(self, ok):
        ok("events/", told("b1", user="77"))
        ok("orders/", {"orders": [order("A", "1", user="78", visitor="b1"), order("B", "1", visitor="b1")]})
        assert owners() == {"A": None, "B": None}

    @pytest.mark.parametrize("answer", [{"refused": True}, {"granted": []}, {"granted": ["analytics"]}])
    def test_when_the_yes_ends_the_orders_are_nobodys_again(self, ok, answer):
        ok("events/", told("b1", user="77"))
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1"), order("B", "2", user="77")]})
        assert owners() == {"A": "77", "B": "77"}
        ok("events/", told("b1", user="77", **answer))
        assert owners() == {"A": None, "B": None}
        assert not FeedLine.objects.exclude(user_key="").exists()
        assert not OrderLink.objects.exists()
        reconcile()
        assert owners() == {"A": None, "B": None}

    def test_another_browser_of_the_account_that_still_says_yes_keeps_them(self, ok):
        for browser in ("b1", "b2"):
            ok("events/", told(browser, user="77"))
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1")]})
        ok("events/", told("b1", user="77", refused=True))
        assert (owners(), FeedLine.objects.get().user_key) == ({"A": "77"}, "77")
        ok("events/", told("b2", user="77", refused=True))
        assert (owners(), FeedLine.objects.get().user_key) == ({"A": None}, "")

    def test_a_yes_that_ran_out_ties_nothing(self, ok, frozen):
        ok("events/", told("b1", user="77"))
        frozen(timedelta(days=391))
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1")]})
        assert (owners(), FeedLine.objects.get().user_key) == ({"A": None}, "")

    @pytest.mark.parametrize("how", ["lapsed", "deleted"])
    def test_no_account_stays_with_an_order_when_its_yes_ended_without_a_request(self, ok, frozen, how):
        for browser, account in (("b1", "77"), ("b2", "78")):
            ok("events/", told(browser, user=account))
        ok("orders/", {"orders": [order("A", "1", user="77"), order("B", "1", user="78")]})
        if how == "deleted":
            Visitor.objects.filter(user_key="77").delete()
        else:
            frozen(timedelta(days=300))
            ok("events/", told("b2", user="78"))
            frozen(timedelta(days=91))
        reconcile(since=FEBRUARY + timedelta(days=80))
        assert dict(FeedLine.objects.values_list("order_key", "user_key")) == {"A": "", "B": "78"}

    @pytest.mark.parametrize("changes", [
        {"user": "78"}, {"user": "78", "visitor": "b1"}, {"visitor": "b2"}, {"visitor": "b1"}, {},
        {"user": "77", "visitor": "b2"},
    ])  # fmt: skip
    def test_an_order_that_is_corrected_leaves_whoever_it_was_tied_to(self, ok, changes):
        ok("events/", told("b1", user="77"))
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1")]})
        assert (owners(), OrderLink.objects.count()) == ({"A": "77"}, 1)
        ok("orders/", {"orders": [order("A", "1", **changes)]})
        assert OrderLink.objects.count() == 0
        assert owners() == {"A": changes.get("user") if changes.get("user") == "77" else None}

    def test_an_order_that_is_corrected_is_tied_to_whom_it_names_now(self, ok):
        for browser in ("b1", "b2"):
            ok("events/", told(browser))
        ok("orders/", {"orders": [order("A", "1", visitor="b1")]})
        former = OrderLink.objects.get().visitor_id
        ok("orders/", {"orders": [order("A", "1", visitor="b2")]})
        assert OrderLink.objects.get().visitor_id != former
        assert Event.objects.get(kind="purchase").visitor_id == OrderLink.objects.get().visitor_id
        ok("orders/", {"orders": [order("A", "1", visitor="b3")]})
        assert (owners(), OrderLink.objects.count()) == ({"A": None}, 0)

    @pytest.mark.parametrize("changes", [{"visitor": "b1"}, {}, {"user": "77"}, {"user": "77", "visitor": "b1"}])
    def test_a_guests_order_that_is_sent_again_after_the_login_stays_theirs(self, ok, changes):
        ok("events/", told("b1"))
        ok("orders/", {"orders": [order("A", "1", visitor="b1")]})
        ok("events/", told("b1", user="77"))
        ok("orders/", {"orders": [order("A", "1", **changes)]})
        assert (owners(), OrderLink.objects.count()) == ({"A": "77"}, 1)

    def test_an_order_that_no_longer_names_its_account_is_not_theirs(self, ok):
        ok("events/", told("b1", user="77"))
        ok("orders/", {"orders": [order("A", "1", user="77")]})
        ok("orders/", {"orders": [order("A", "1")]})
        assert owners() == {"A": None}


def test_two_hundred_orders_cost_a_fixed_number_of_queries(ok, django_assert_max_num_queries):
    ok("events/", told("b1", user="77"))
    batch = [order(str(number), "1", "2", user="77", visitor=f"b{number}") for number in range(200)]
    with django_assert_max_num_queries(40):
        ok("orders/", {"orders": batch})
    assert Event.objects.filter(kind="purchase").count() == 400


def test_a_message_without_a_date_does_not_let_an_older_one_in(ok):
    def sent(quantity, **changes):
        return ok("orders/", {"orders": [order("A", lines=[line("1", quantity=quantity)], **changes)]})["stale"]

    assert sent(3, updated="2026-02-03T00:00:00Z") == 0
    assert sent(4) == 0
    assert sent(2, updated="2026-02-02T00:00:00Z") == 1
    assert facts() == [("purchase", "A", "1", 4)]
    assert sent(5, updated="2026-02-04T00:00:00Z") == 0


@pytest.mark.django_db(transaction=True)
@several_writers
def test_two_requests_about_one_new_order_leave_one_of_them_whole():
    first, second = order("A", "1", "2"), order("A", "red")
    during(lambda: orders.take([first]), lambda: orders.take([second]))
    assert list(FeedLine.objects.values_list("item_key", flat=True)) == ["red"]
    assert Event.objects.filter(kind="purchase").count() == 1
