"""One scripted visit: each thing that happens is recorded once, and nothing that did not."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test import Client
from salesman.core.utils import get_salesman_model

from django_personalize.models import Event, OrderLink, Visitor
from tests.stores.salesman.shop.models import Accessory, Phone
from tests.stores.salesman.shop.payment import PayByCard
from tests.stores.salesman.shopping import (
    BUYER,
    JSON,
    accept,
    add,
    basket,
    change,
    check_out,
    decline,
    key,
    log_in,
    remove,
    staff,
    told,
)

Order, Basket = get_salesman_model("Order"), get_salesman_model("Basket")


@pytest.fixture
def phone(store):
    return Phone.objects.get(slug="office-phone-0")


@pytest.fixture
def black(phone):
    return phone.variants.get(color="black")


@pytest.fixture
def silver(phone):
    return phone.variants.get(color="silver")


@pytest.fixture
def case(store):
    return Accessory.objects.get(name="Office case 1")


@pytest.mark.usefixtures("atomic_requests")
def test_a_whole_visit(client, phone, black, silver, case):
    accept(client)
    client.get("/")
    client.get("/?q=office")
    client.get(phone.get_absolute_url())
    client.get(case.get_absolute_url())
    add(client, black, 2)
    add(client, silver)
    add(client, case)
    change(client, black, 1)
    remove(client, case)
    log_in(client, "mia")
    assert basket(client) == {key(black): 1, key(silver): 1}  # which is when salesman merges
    add(client, case, 3)
    client.get(check_out(client))
    assert basket(client) == {}
    ref = Order.objects.get().ref
    bought = [(key(phone), key(black), 1), (key(phone), key(silver), 1), (key(case), 3)]
    expected = [
        ("search", "office", 4),
        ("view_item", key(phone)),
        ("view_item", key(case)),
        ("add_to_cart", key(phone), key(black), 2),
        ("add_to_cart", key(phone), key(silver), 1),
        ("add_to_cart", key(case), 1),
        ("remove_from_cart", key(phone), key(black), 1),
        ("remove_from_cart", key(case), 1),
        ("login",),
        ("add_to_cart", key(case), 3),
        *(("purchase", *each, ref) for each in bought),
    ]
    assert told() == expected
    office = staff()
    assert office.put(f"/api/orders/{ref}/status/", {"status": "REFUNDED"}, content_type=JSON).status_code == 200
    assert told() == [*expected, *(("refund", *each, ref) for each in bought)]
    visitor = Visitor.objects.get()
    assert set(Event.objects.values_list("visitor_id", flat=True)) == {visitor.pk}


@pytest.mark.usefixtures("atomic_requests")
def test_without_a_yes_only_the_purchase_is_kept_and_is_nobodys(client, phone, black, case):
    decline(client, "personalization", "analytics")
    client.get("/?q=office")
    client.get(phone.get_absolute_url())
    add(client, black)
    add(client, case)
    remove(client, case)
    log_in(client, "mia")
    check_out(client)
    order = Order.objects.get()
    assert told() == [("purchase", key(phone), key(black), 1, order.ref)]
    assert Event.objects.get().visitor_id is None
    assert not Visitor.objects.exists()
    assert not OrderLink.objects.exists()


def test_statistics_alone_follow_the_visit_and_not_the_purchase(client, phone, black):
    accept(client, "analytics")
    client.get(phone.get_absolute_url())
    add(client, black)
    check_out(client)
    assert list(Event.objects.order_by("pk").values_list("kind", "visitor")) == [
        ("view_item", Visitor.objects.get().pk),
        ("add_to_cart", Visitor.objects.get().pk),
        ("purchase", None),
    ]


@pytest.mark.usefixtures("atomic_requests")
@pytest.mark.parametrize("name", ["", "mia"], ids=["a guest", "an account"])
def test_a_payment_that_the_provider_reports_finds_the_buyer(client, phone, black, name):
    """The order has a number and no line at the checkout; the lines come, and the basket goes, in nobody's request."""
    accept(client)
    if name:
        log_in(client, name)
    add(client, black, 2)
    check_out(client, "card")
    ref = Order.objects.get().ref
    before = [*([("login",)] if name else []), ("add_to_cart", key(phone), key(black), 2)]
    assert told() == before
    assert basket(client) == {key(black): 2}
    provider = Client()
    assert provider.post("/api/payment/card/paid/", {"ref": ref, "transaction": "T1"}).status_code == 200
    assert told() == [*before, ("purchase", key(phone), key(black), 2, ref)]
    assert Event.objects.get(kind="purchase").visitor_id == Visitor.objects.get().pk
    assert basket(client) == {}
    client.get(phone.get_absolute_url())
    add(client, black)
    assert told()[len(before) + 1 :] == [("view_item", key(phone)), ("add_to_cart", key(phone), key(black), 1)]


def test_an_order_counts_once_its_payment_is_noted(client, phone, black):
    accept(client)
    add(client, black)
    check_out(client, "in-advance")
    ref = Order.objects.get().ref
    assert told() == [("add_to_cart", key(phone), key(black), 1)]
    status = {"status": "PROCESSING"}
    assert staff().put(f"/api/orders/{ref}/status/", status, content_type=JSON).status_code == 200
    assert told()[1:] == [("purchase", key(phone), key(black), 1, ref)]
    assert Event.objects.get(kind="purchase").visitor_id == Visitor.objects.get().pk


def test_an_unpaid_order_that_is_cancelled_was_never_sold(client, black):
    accept(client)
    add(client, black)
    check_out(client, "in-advance")
    ref = Order.objects.get().ref
    assert staff().put(f"/api/orders/{ref}/status/", {"status": "CANCELLED"}, content_type=JSON).status_code == 200
    assert [kind for kind, *_ in told()] == ["add_to_cart"]


def test_what_the_admin_gives_back_comes_back_once(client, phone, black):
    accept(client)
    add(client, black, 2)
    check_out(client)
    order, office = Order.objects.get(), staff()
    forms = {
        f"{name}-{count}": 0 for name in ("items", "payments", "notes") for count in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    page = f"/admin/salesmanorders/order/{order.pk}/change/"
    for _ in range(2):
        assert office.post(page, {"status": "REFUNDED", **forms}).status_code == 302
    assert told()[-2:] == [(kind, key(phone), key(black), 2, order.ref) for kind in ("purchase", "refund")]
    assert Event.objects.get(kind="refund").visitor_id == Visitor.objects.get().pk


def test_a_log_out_takes_nothing_out_of_the_basket(client, black):
    accept(client)
    log_in(client, "mia")
    add(client, black)
    client.post("/logout/")
    assert basket(client) == {}
    client.get("/")
    assert [kind for kind, *_ in told()] == ["login", "add_to_cart"]
    log_in(client, "mia")
    assert basket(client) == {key(black): 1}
    assert [kind for kind, *_ in told()] == ["login", "add_to_cart", "login"]


def test_a_basket_that_waits_with_the_account_is_not_added_again(client, phone, black, case):
    elsewhere = Client()
    log_in(elsewhere, "mia")
    add(elsewhere, black)
    accept(client)
    add(client, case)
    log_in(client, "mia")
    client.get("/")
    assert basket(client) == {key(black): 1, key(case): 1}
    change(client, case, 2)
    assert told() == [
        ("add_to_cart", key(case), 1),
        ("login",),
        ("add_to_cart", key(case), 1),
    ]


def test_looking_at_pages_makes_no_basket(client, phone):
    accept(client)
    client.get("/")
    client.get(phone.get_absolute_url())
    client.post("/personalize/")  # whatever it answers
    assert not Basket.objects.exists()
    assert "sessionid" not in client.cookies


def test_a_checkout_that_was_rolled_back_leaves_its_number_to_the_next_buyer(client, black, monkeypatch):
    """salesman gives the number of an order that never was to the next one."""

    def fails(self, basket, request):
        Order.objects.create_from_request(request)
        raise RuntimeError("the provider is away")

    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    unlucky = Client(raise_request_exception=False)
    for each in (unlucky, client):
        accept(each)
        add(each, black)
    with monkeypatch.context() as patched:
        patched.setattr(PayByCard, "basket_payment", fails)
        assert unlucky.post("/api/checkout/", {**BUYER, "payment_method": "card"}, content_type=JSON).status_code == 500
    assert not Order.objects.exists()
    assert not OrderLink.objects.exists()
    check_out(client, "card")
    ref = Order.objects.get().ref
    Client().post("/api/payment/card/paid/", {"ref": ref, "transaction": "T1"})
    theirs = Event.objects.filter(kind="add_to_cart").values_list("visitor", flat=True).last()
    assert Event.objects.get(kind="purchase").visitor_id == theirs
