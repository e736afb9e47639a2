"""Orders: placed whole or not at all, and cancelled once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.test import Client

from example_shop.shop.basket import BasketLine
from example_shop.shop.checkout import NotCancellable, OutOfStock, cancel, place
from example_shop.shop.models import Order, OrderLine, Product

DETAILS = {
    "email": "ada@example.com",
    "name": "Ada Byron",
    "address": "12 St James's Square",
    "city": "London",
    "postcode": "SW1Y 4JH",
    "country": "United Kingdom",
}


def line(product: Product, quantity: int = 1) -> BasketLine:
    return BasketLine(product, quantity, quantity)


@pytest.fixture
def ada(db: None) -> Any:
    return get_user_model().objects.create_user("ada", "ada@example.com", "engine-number-two")


def test_a_guest_orders_without_an_account(make_product: Any, client: Client) -> None:
    product = make_product(price=Decimal("2.50"), was_price=Decimal("4.00"), stock=10)
    client.post(f"/basket/add/{product.pk}/", {"quantity": 3})
    page = client.post("/checkout/", DETAILS, follow=True)
    order = Order.objects.get()
    assert page.redirect_chain == [(f"/orders/{order.number}/", 302)]
    assert "Your order has been placed" in page.content.decode()
    assert (order.user, order.email, order.status) == (None, "ada@example.com", "placed")
    bought = order.lines.values_list("product", "quantity", "unit_price", "list_price", "returned_quantity").get()
    assert bought == (product.pk, 3, Decimal("2.50"), Decimal("4.00"), 0)
    product.refresh_from_db()
    assert (product.stock, product.times_ordered) == (7, 1)
    assert "basket" not in client.session


def test_an_account_orders_and_finds_the_address_filled_in_next_time(
    make_product: Any, client: Client, ada: Any
) -> None:
    product = make_product()
    client.force_login(ada)
    client.post(f"/basket/add/{product.pk}/")
    client.post("/checkout/", DETAILS)
    assert Order.objects.get().user == ada
    client.post(f"/basket/add/{product.pk}/")
    assert 'value="SW1Y 4JH"' in client.get("/checkout/").content.decode()


@pytest.mark.parametrize("missing", sorted(DETAILS))
def test_an_incomplete_address_orders_nothing(make_product: Any, client: Client, missing: str) -> None:
    client.post(f"/basket/add/{make_product().pk}/")
    page = client.post("/checkout/", {**DETAILS, missing: ""})
    assert page.status_code == 200
    assert "This field is required." in page.content.decode()
    assert not Order.objects.exists()


@pytest.mark.django_db
def test_an_empty_basket_has_no_checkout(client: Client) -> None:
    assert client.get("/checkout/")["Location"] == "/basket/"


def test_stock_that_ran_out_meanwhile_orders_nothing_and_says_why(make_product: Any, client: Client) -> None:
    plenty, last = make_product("Plenty"), make_product("Last Lantern", stock=1)
    lines = [line(plenty, 2), line(last)]
    place([line(last)], DETAILS)
    with pytest.raises(OutOfStock) as refusal:
        place(lines, DETAILS)
    assert refusal.value.product == last
    plenty.refresh_from_db()
    assert (plenty.stock, plenty.times_ordered, Order.objects.count()) == (10, 0, 1)


def test_the_shopper_is_told_when_stock_runs_out_during_checkout(
    make_product: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = make_product("Last Lantern", stock=1)
    client.post(f"/basket/add/{product.pk}/")
    from example_shop.shop.views import buying

    def somebody_else_first(lines: Any, details: Any, user: Any) -> Order:
        Product.objects.update(stock=0)
        return place(lines, details, user)

    monkeypatch.setattr(buying, "place", somebody_else_first)
    page = client.post("/checkout/", DETAILS, follow=True)
    assert "Nothing was ordered: there is not enough of “Last Lantern” any more." in page.content.decode()
    assert "Sold out. Please take it out to go on." in page.content.decode()
    assert not Order.objects.exists()


def test_a_basket_that_wants_more_than_there_is_must_be_put_right_first(make_product: Any, client: Client) -> None:
    product = make_product(stock=5)
    client.post(f"/basket/add/{product.pk}/", {"quantity": 5})
    Product.objects.update(stock=2)
    page = client.get("/checkout/", follow=True)
    assert "Only 2 left. Please choose fewer to go on." in page.content.decode()


def test_two_orders_never_get_the_same_last_piece(make_product: Any) -> None:
    product = make_product(stock=1)
    stale = line(product)
    place([stale], DETAILS)
    with pytest.raises(OutOfStock):
        place([stale], DETAILS)
    product.refresh_from_db()
    assert product.stock == 0


def test_cancelling_puts_back_what_has_not_come_back_already(make_product: Any) -> None:
    product = make_product(stock=10)
    order = place([line(product, 4)], DETAILS)
    OrderLine.objects.update(returned_quantity=1)
    cancelled = cancel(order)
    product.refresh_from_db()
    assert (cancelled.status, cancelled.cancelled_at is not None, product.stock) == ("cancelled", True, 9)
    with pytest.raises(NotCancellable):
        cancel(order)
    product.refresh_from_db()
    assert product.stock == 9


def test_an_order_that_was_sent_cannot_be_cancelled(make_product: Any, client: Client, ada: Any) -> None:
    order = place([line(make_product())], DETAILS, ada)
    Order.objects.update(status="shipped")
    client.force_login(ada)
    assert "Cancel this order" not in client.get(f"/orders/{order.number}/").content.decode()
    page = client.post(f"/orders/{order.number}/cancel/", follow=True)
    assert "can no longer be cancelled" in page.content.decode()


def test_a_customer_cancels_an_order(make_product: Any, client: Client, ada: Any) -> None:
    order = place([line(make_product())], DETAILS, ada)
    client.force_login(ada)
    page = client.post(f"/orders/{order.number}/cancel/", follow=True)
    assert "The order is cancelled." in page.content.decode()
    order.refresh_from_db()
    assert order.status == "cancelled"


def test_nobody_sees_or_cancels_the_order_of_another(make_product: Any, client: Client, ada: Any) -> None:
    of_ada, of_guest = place([line(make_product())], DETAILS, ada), place([line(make_product())], DETAILS)
    for other in (None, get_user_model().objects.create_user("eve")):
        if other:
            client.force_login(other)
        for order in (of_ada, of_guest):
            assert client.get(f"/orders/{order.number}/").status_code == 404
            assert client.post(f"/orders/{order.number}/cancel/").status_code == 404
    assert not Order.objects.filter(status="cancelled").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"status": "cancelled"}, {"status": "placed", "cancelled_at": "2026-01-01T00:00Z"}])
def test_the_database_refuses_an_order_whose_status_and_cancellation_disagree(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(email="ada@example.com", **fields)


def test_the_database_refuses_to_take_back_more_than_was_bought(make_product: Any) -> None:
    place([line(make_product(), 2)], DETAILS)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.update(returned_quantity=3)
