"""The basket: what is in the session, and nothing that is not true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from example_shop.shop.basket import MOST_OF_ONE, Basket, total
from example_shop.shop.models import Product


def basket_with(content: Any) -> Basket:
    session = SessionStore()
    session["basket"] = content
    return Basket(session)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [None, [], "x", 7, {"1": "2"}, {"1": -2}, {"1": 0}, {"x": 1}, {"1": True}, {"1": 1.5}, {"9" * 40: 1}, {"²": 1}],
)
def test_a_session_that_makes_no_sense_is_an_empty_basket(content: Any) -> None:
    basket = basket_with(content)
    assert (basket.count(), basket.lines()) == (0, [])


def test_lines_take_one_query_and_stand_in_the_order_of_adding(
    make_product: Any, django_assert_num_queries: Any
) -> None:
    first, second = make_product("B", price=Decimal("1.25")), make_product("A", price=Decimal("2.00"))
    basket = basket_with({})
    basket.add(first, 2)
    basket.add(second)
    basket.add(first)
    with django_assert_num_queries(1):
        lines = basket.lines()
        assert [(line.product.name, line.quantity) for line in lines] == [("B", 3), ("A", 1)]
        assert total(lines) == Decimal("5.75")


def test_prices_come_from_the_shop_and_never_from_the_session(make_product: Any) -> None:
    product = make_product(price=Decimal("2.50"))
    basket = basket_with({str(product.pk): 2})
    Product.objects.update(price=Decimal("9.99"))
    assert total(basket.lines()) == Decimal("19.98")


def test_a_line_never_offers_more_than_there_is(make_product: Any) -> None:
    line = basket_with({str(make_product(stock=3).pk): 5}).lines()[0]
    assert (line.wanted, line.quantity, line.is_short) == (5, 3, True)


def test_quantities_are_capped_and_nothing_stays_at_zero(make_product: Any) -> None:
    product = make_product()
    basket = basket_with({})
    basket.set(product.pk, 10**9)
    assert basket.count() == MOST_OF_ONE
    basket.set(product.pk, 0)
    assert basket.quantities() == {}


def test_adding_more_than_there_is_puts_in_what_there_is_and_says_so(make_product: Any, client: Client) -> None:
    product = make_product(stock=3)
    page = client.post(f"/basket/add/{product.pk}/", {"quantity": 5}, follow=True)
    assert client.session["basket"] == {str(product.pk): 3}
    assert "Only 3 more of" in page.content.decode()
    page = client.post(f"/basket/add/{product.pk}/", follow=True)
    assert "All there is of" in page.content.decode()
    assert client.session["basket"] == {str(product.pk): 3}


def test_what_is_sold_out_or_hidden_cannot_be_added(make_product: Any, client: Client) -> None:
    sold_out, hidden = make_product(stock=0), make_product(is_visible=False)
    assert "is sold out" in client.post(f"/basket/add/{sold_out.pk}/", follow=True).content.decode()
    assert client.post(f"/basket/add/{hidden.pk}/").status_code == 404
    assert "basket" not in client.session


def test_what_vanished_from_the_shop_is_taken_out_and_mentioned_once(make_product: Any, client: Client) -> None:
    stays, goes = make_product("Stays"), make_product("Goes")
    for product in (stays, goes):
        client.post(f"/basket/add/{product.pk}/")
    Product.objects.filter(pk=goes.pk).update(is_visible=False)
    assert "no longer sold" in client.get("/basket/").content.decode()
    assert "no longer sold" not in client.get("/basket/").content.decode()
    assert client.session["basket"] == {str(stays.pk): 1}


@pytest.mark.parametrize(("quantity", "kept"), [("4", 4), ("0", 0), ("", 2), ("x", 2), ("-3", 2), ("99999", 2)])
def test_quantities_are_changed_and_nonsense_changes_nothing(
    make_product: Any, client: Client, quantity: str, kept: int
) -> None:
    product = make_product()
    client.post(f"/basket/add/{product.pk}/", {"quantity": 2})
    client.post(f"/basket/change/{product.pk}/", {"quantity": quantity})
    assert Basket(client.session).count() == kept


def test_a_line_is_removed(make_product: Any, client: Client) -> None:
    product = make_product()
    client.post(f"/basket/add/{product.pk}/")
    client.post(f"/basket/remove/{product.pk}/")
    assert client.session["basket"] == {}


def test_adding_leads_back_where_one_was_but_never_to_another_site(make_product: Any, client: Client) -> None:
    address = f"/basket/add/{make_product().pk}/"
    assert client.post(address, {"next": "/search/?q=mug"})["Location"] == "/search/?q=mug"
    assert client.post(address, {"next": "https://elsewhere.example/"})["Location"] == "/basket/"


def test_the_basket_changes_by_post_only(make_product: Any, client: Client) -> None:
    for action in ("add", "change", "remove"):
        assert client.get(f"/basket/{action}/{make_product().pk}/").status_code == 405
