"""One scripted visit through oscar's own pages: each event once, in a store in which no file of oscar's is edited."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from oscar.apps.checkout.views import PaymentDetailsView
from oscar.apps.partner.strategy import Selector
from oscar.apps.payment.exceptions import RedirectRequired
from oscar.core.loading import get_model

from django_personalize.models import Decision, Event, Impression, Visitor
from django_personalize.visitors import cookie
from tests.stores.oscar.fill import PASSWORD, customer
from tests.stores.oscar.shopper import Shopper, Staff

Basket = get_model("basket", "Basket")
Order = get_model("order", "Order")
ShippingEventType = get_model("order", "ShippingEventType")


@pytest.fixture(params=[True, False], ids=["atomic requests", "autocommit"])
def atomic_requests(request, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", request.param)


def account(number):
    return get_user_model().objects.get(username=f"customer-{number}")


def has_an_open_basket(number, product, quantity):
    """What this customer put into a basket on another day, with another browser."""
    basket, _ = Basket.open.get_or_create(owner=account(number))
    basket.strategy = Selector().strategy()
    basket.add_product(product, quantity)


@pytest.mark.usefixtures("atomic_requests")
def test_an_accounts_visit_is_recorded_exactly_once(product):
    shopper, staff = Shopper(), Staff()
    pot, bowl, shirt = product("Pots-0"), product("Bowls-1"), product("Shirts-2")
    small, large = product("Shirts-2-0"), product("Shirts-2-2")
    shopper.get("/")
    shopper.looks_at(bowl)
    assert shopper.recorded() == []  # nobody was asked yet
    shopper.says("accept")
    shopper.get("/catalogue/")
    shopper.looks_at(pot)
    shopper.looks_at(shirt)
    shopper.looks_at(small)
    found = len(shopper.searches("bowl").context["page_obj"].paginator.object_list)
    shopper.adds(pot, 2)
    shopper.adds(shirt, child=small)
    shopper.adds(large)
    shopper.adds(bowl)
    shopper.changes(pot, 3)
    shopper.changes(bowl, 0)
    shopper.changes(large, None)
    shopper.logs_in(1)
    number = shopper.checks_out()
    shopper.get("/")
    staff.cancels(number)
    assert shopper.recorded() == [
        ("view_item", "Pots-0", ""),
        ("view_item", "Shirts-2", ""),
        ("view_item", "Shirts-2", "Shirts-2-0"),
        ("search", "bowl", found),
        ("add_to_cart", "Pots-0", "", 2),
        ("add_to_cart", "Shirts-2", "Shirts-2-0", 1),
        ("add_to_cart", "Shirts-2", "Shirts-2-2", 1),
        ("add_to_cart", "Bowls-1", "", 1),
        ("add_to_cart", "Pots-0", "", 1),
        ("remove_from_cart", "Bowls-1", "", 1),
        ("remove_from_cart", "Shirts-2", "Shirts-2-2", 1),
        ("login",),
        ("purchase", "Pots-0", "", 3),
        ("purchase", "Shirts-2", "Shirts-2-0", 1),
        ("refund", "Pots-0", "", 3),
        ("refund", "Shirts-2", "Shirts-2-0", 1),
    ]
    everything = Event.objects.filter(pk__gt=shopper.before)
    assert set(everything.values_list("visitor", flat=True)) == {Visitor.objects.get().pk}
    assert set(everything.exclude(transaction_id="").values_list("transaction_id", flat=True)) == {number}


def test_a_guests_visit_is_recorded_exactly_once(product):
    shopper = Shopper()
    pot = product("Pots-0")
    shopper.says("accept")
    shopper.looks_at(pot)
    shopper.adds(pot)
    number = shopper.checks_out(guest="guest@example.com")
    shopper.get("/basket/")
    shopper.adds(product("Pots-1"))
    assert shopper.recorded() == [
        ("view_item", "Pots-0", ""),
        ("add_to_cart", "Pots-0", "", 1),
        ("purchase", "Pots-0", "", 1),
        ("add_to_cart", "Pots-1", "", 1),
    ]
    purchase = Event.objects.get(transaction_id=number)
    assert (purchase.visitor, str(purchase.price), purchase.currency) == (Visitor.objects.get(), "10.0000", "GBP")


@pytest.mark.parametrize("answer", ["", "decline"], ids=["not answered", "declined"])
def test_without_a_yes_an_order_is_a_basket_of_nobody_and_nothing_else_is_kept(product, answer):
    shopper, staff = Shopper(), Staff()
    pot = product("Pots-0")
    if answer:
        shopper.says(answer)
    shopper.looks_at(pot)
    shopper.searches("bowl")
    shopper.adds(pot, 2)
    shopper.changes(pot, 1)
    shopper.logs_in(1)
    staff.cancels(shopper.checks_out())
    assert shopper.recorded() == [("purchase", "Pots-0", "", 1), ("refund", "Pots-0", "", 1)]
    assert not Event.objects.filter(visitor__isnull=False).exists()
    assert not any(model.objects.exists() for model in (Visitor, Decision, Impression))
    assert cookie.NAME not in shopper.client.cookies


def test_baskets_that_are_merged_at_login_were_not_put_in_now(product):
    pot, bowl, cup = product("Pots-0"), product("Bowls-1"), product("Cups-2")
    has_an_open_basket(2, bowl, 3)
    has_an_open_basket(2, pot, 1)
    shopper = Shopper()
    shopper.says("accept")
    shopper.adds(pot, 2)
    shopper.adds(cup)
    shopper.logs_in(2)
    shopper.get("/basket/")
    assert {(line.product.upc, line.quantity) for line in Basket.open.get(owner=account(2)).lines.all()} == {
        ("Pots-0", 2), ("Bowls-1", 3), ("Cups-2", 1),
    }  # fmt: skip
    shopper.changes(bowl, 1)
    assert shopper.recorded() == [
        ("add_to_cart", "Pots-0", "", 2),
        ("add_to_cart", "Cups-2", "", 1),
        ("login",),
        ("remove_from_cart", "Bowls-1", "", 2),
    ]


def test_logging_in_at_the_checkouts_gateway_is_a_login_like_any_other(product):
    has_an_open_basket(3, product("Bowls-1"), 1)
    user, shopper = customer(3), Shopper()
    shopper.says("accept")
    shopper.adds(product("Pots-0"))
    shopper.post("/checkout/", username=user.email, password=PASSWORD, options="existing")
    shopper.checks_out()
    assert shopper.recorded() == [
        ("add_to_cart", "Pots-0", "", 1),
        ("login",),
        ("purchase", "Bowls-1", "", 1),
        ("purchase", "Pots-0", "", 1),
    ]


def test_what_is_being_paid_for_on_another_site_has_not_been_taken_out(product, monkeypatch):
    def elsewhere(*args, **kwargs):
        raise RedirectRequired("https://payments.example.com/")

    shopper = Shopper()
    shopper.says("accept")
    shopper.logs_in(4)
    shopper.adds(product("Pots-0"), 2)
    shopper.goes_to_the_checkout()
    monkeypatch.setattr(PaymentDetailsView, "handle_payment", elsewhere)
    away = shopper.client.post("/checkout/preview/", {"action": "place_order"})
    assert away.headers["Location"] == "https://payments.example.com/"
    assert Basket.objects.get(owner=account(4), status=Basket.FROZEN).num_items == 2
    shopper.get("/basket/")
    shopper.adds(product("Pots-1"))
    shopper.changes(product("Pots-1"), None)
    assert shopper.recorded() == [
        ("login",),
        ("add_to_cart", "Pots-0", "", 2),
        ("add_to_cart", "Pots-1", "", 1),
        ("remove_from_cart", "Pots-1", "", 1),
    ]


def test_a_payment_that_fails_leaves_the_basket_as_it_was(product, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("no connection")

    shopper = Shopper()
    shopper.says("accept")
    shopper.adds(product("Pots-0"), 2)
    shopper.goes_to_the_checkout(guest="guest@example.com")
    with monkeypatch.context() as patch:
        patch.setattr(PaymentDetailsView, "handle_payment", fails)
        assert "no payment has been taken" in shopper.places_the_order().content.decode()
    shopper.places_the_order()
    assert shopper.recorded() == [("add_to_cart", "Pots-0", "", 2), ("purchase", "Pots-0", "", 2)]


def test_what_is_saved_for_later_has_left_the_basket(product):
    shopper = Shopper()
    shopper.says("accept")
    shopper.logs_in(5)
    shopper.adds(product("Pots-0"))
    fields = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-quantity": 1, "form-0-save_for_later": "on"}
    line = Basket.open.get(owner=account(5)).lines.get()
    shopper.post("/basket/", **fields, **{"form-0-id": line.pk})
    assert shopper.recorded() == [
        ("login",), ("add_to_cart", "Pots-0", "", 1), ("remove_from_cart", "Pots-0", "", 1),
    ]  # fmt: skip


def test_pieces_that_come_back_one_by_one_are_one_refund_that_grows(product):
    shopper, staff = Shopper(), Staff()
    shopper.says("accept")
    shopper.adds(product("Pots-0"), 3)
    shopper.adds(product("Pots-1"))
    order = Order.objects.get(number=shopper.checks_out(guest="guest@example.com"))
    line = order.lines.get(product=product("Pots-0"))
    for expected in (1, 2):
        staff.returns(order.number, line, 1)
        assert shopper.recorded()[-1] == ("refund", "Pots-0", "", expected)
    staff.cancels_line(order.number, order.lines.get(product=product("Pots-1")))
    assert shopper.recorded()[4:] == [("refund", "Pots-0", "", 2), ("refund", "Pots-1", "", 1)]


def test_staff_leave_no_trace_of_their_own_in_the_dashboard(product):
    shopper, staff = Shopper(), Staff()
    staff.says("accept")
    number = shopper.checks_out(guest="guest@example.com") if shopper.adds(product("Pots-0")) else ""
    staff.get("/dashboard/catalogue/", title="pot")
    staff.cancels(number)
    assert staff.recorded() == [("purchase", "Pots-0", "", 1), ("refund", "Pots-0", "", 1)]
    assert not Event.objects.filter(transaction_id=number, visitor__isnull=False).exists()
