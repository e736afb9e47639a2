"""One scripted visit through the example shop, with nothing replaced: each thing that is done is there exactly once."""

from __future__ import annotations

import pytest

from django_personalize.capture.orders import reconcile
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import Cart, Event, OrderLink, Visitor
from example_shop.shop.models import Order
from tests.shops import bought, order, product, user

pytestmark = pytest.mark.django_db
DETAILS = {
    "email": "mia@example.com",
    "name": "Mia Example",
    "address": "1 High Street",
    "city": "London",
    "postcode": "SW1Y 4JH",
    "country": "United Kingdom",
}


@pytest.fixture(autouse=True)
def _purposes(db):
    create_groups()


@pytest.fixture
def shelf():
    return [product(name) for name in ("Red Mug", "Blue Mug", "Lantern")]


def say(client, answer):
    client.post(f"/cookies/{answer}/", {"all_groups": "true"})


def events(*fields):
    return list(Event.objects.order_by("pk").values_list("kind", *(fields or ("item_key", "quantity"))))


def visit(client, shelf):
    """Look, search, put two things in, think again, log in, order, and cancel."""
    red, blue, lantern = shelf
    client.get("/")
    client.get(red.get_absolute_url())
    client.get("/search/?q=mug")
    client.get("/search/?q=mug&page=2")
    client.post(f"/basket/add/{red.pk}/", {"quantity": 1})
    client.post(f"/basket/add/{red.pk}/", {"quantity": 2})
    client.post(f"/basket/add/{lantern.pk}/", {"quantity": 1})
    client.get("/basket/")
    client.post(f"/basket/change/{red.pk}/", {"quantity": 2})
    client.post(f"/basket/remove/{lantern.pk}/")
    client.post(f"/basket/add/{blue.pk}/", {"quantity": 1})
    client.post("/account/log-in/", {"username": "mia", "password": "pw"})
    client.get("/basket/")
    client.post("/checkout/", DETAILS)
    number = Order.objects.get().number
    client.get(f"/orders/{number}/")
    client.post(f"/orders/{number}/cancel/")
    return number


def test_a_visit_is_there_exactly_once(client, shelf):
    user("mia")
    say(client, "accept")
    number = visit(client, shelf)
    red, blue, lantern = (str(each.pk) for each in shelf)
    assert events() == [
        ("view_item", red, None),
        ("search", "", None),
        ("add_to_cart", red, 1),
        ("add_to_cart", red, 2),
        ("add_to_cart", lantern, 1),
        ("remove_from_cart", red, 1),
        ("remove_from_cart", lantern, 1),
        ("add_to_cart", blue, 1),
        ("login", "", None),
        ("purchase", red, 2),
        ("purchase", blue, 1),
        ("refund", red, 2),
        ("refund", blue, 1),
    ]
    assert Event.objects.values_list("search_term", "results").get(kind="search") == ("mug", 2)
    assert set(Event.objects.values_list("visitor_id", flat=True)) == {Visitor.objects.get().pk}
    assert set(Event.objects.filter(kind="purchase").values_list("transaction_id", flat=True)) == {number}
    assert Cart.objects.get().lines == []
    assert reconcile().written == 0


def test_without_a_yes_only_the_baskets_are_there_and_nobody_is(client, shelf):
    user("mia")
    say(client, "decline")
    visit(client, shelf)
    assert {kind for kind, *_ in events()} == {"purchase", "refund"}
    assert Event.objects.count() == 4
    assert not Event.objects.filter(visitor__isnull=False).exists()
    assert [model.objects.count() for model in (Visitor, Cart, OrderLink)] == [0, 0, 0]


def test_a_guests_order_is_theirs_by_the_browser_that_placed_it(client, shelf):
    say(client, "accept")
    client.post(f"/basket/add/{shelf[0].pk}/", {"quantity": 1})
    client.post("/checkout/", DETAILS)
    assert OrderLink.objects.get().order_key == Order.objects.get().number
    assert Event.objects.get(kind="purchase").visitor_id == Visitor.objects.get().pk
    say(client, "decline")
    assert events("visitor_id") == [("purchase", None)]
    assert not OrderLink.objects.exists()
    reconcile()
    assert events("visitor_id") == [("purchase", None)]


def test_an_order_that_is_rolled_back_leaves_nothing(client, shelf):
    say(client, "accept")
    client.post(f"/basket/add/{shelf[0].pk}/", {"quantity": 1})
    shelf[0].stock = 0
    shelf[0].save()
    client.post("/checkout/", DETAILS)
    assert not Event.objects.filter(kind="purchase").exists()
    assert not OrderLink.objects.exists()


def test_what_staff_does_in_the_admin_is_nobodys_visit(client, shelf):
    placed = order("A-1")
    bought(placed, shelf[0])
    reconcile()
    staff = user("boss")
    staff.is_staff = staff.is_superuser = True
    staff.save()
    client.force_login(staff)
    say(client, "accept")
    client.get("/admin/shop/product/?q=mug")
    placed.refresh_from_db()
    response = client.get(f"/admin/shop/order/{placed.pk}/change/")
    assert response.status_code == 200
    assert events("visitor_id") == [("purchase", None)]
    assert not OrderLink.objects.exists()


def test_one_who_says_yes_with_a_full_basket_has_put_nothing_in_yet(client, shelf):
    client.post(f"/basket/add/{shelf[0].pk}/", {"quantity": 2})
    say(client, "accept")
    assert Cart.objects.get().lines == [[str(shelf[0].pk), "", 2]]
    client.post(f"/basket/change/{shelf[0].pk}/", {"quantity": 1})
    assert events() == [("remove_from_cart", str(shelf[0].pk), 1)]


def test_a_browser_that_is_lent_takes_no_basket_along(client, shelf):
    user("mia"), user("leo")
    say(client, "accept")
    client.post("/account/log-in/", {"username": "mia", "password": "pw"})
    client.post(f"/basket/add/{shelf[0].pk}/", {"quantity": 2})
    client.post("/account/log-out/")
    client.post("/account/log-in/", {"username": "leo", "password": "pw"})
    client.get("/basket/")
    client.post(f"/basket/add/{shelf[1].pk}/", {"quantity": 1})
    assert events() == [
        ("login", "", None),
        ("add_to_cart", str(shelf[0].pk), 2),
        ("login", "", None),
        ("add_to_cart", str(shelf[1].pk), 1),
    ]
