"""The shop's pages: what they show, what they cost, and what they never contain."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from example_shop.shop import catalogue
from example_shop.shop.checkout import place
from example_shop.shop.models import Collection, Order, Product

from .test_checkout import DETAILS, line

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def order_of_ada(shelf: list[Product]) -> Order:
    ada = get_user_model().objects.create_user("ada", "ada@example.com", "engine-number-two", first_name="Ada")
    return place([line(shelf[0], 2), line(shelf[1])], DETAILS, ada)


ANYBODYS_PAGES = {
    "/": 5,
    "/categories/tableware-and-mugs/": 4,
    "/categories/tableware-and-mugs/?sort=-price&page=2": 4,
    "/collections/retrospot/": 4,
    "/search/?q=mug": 3,
    "/search/?q=nothing+like+this": 2,
    "/search/": 1,
    "/basket/": 1,
    "/account/log-in/": 1,
    "/account/register/": 1,
}


@pytest.mark.parametrize(("address", "queries"), ANYBODYS_PAGES.items())
@pytest.mark.usefixtures("shelf")
def test_pages_answer_with_so_many_queries(
    address: str, queries: int, client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(queries):
        page = client.get(address)
    assert page.status_code == 200
    _assert_nothing_inline(page.content.decode())


def test_a_product_page_answers_with_three_queries(
    shelf: list[Product], client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        page = client.get(shelf[4].get_absolute_url())
    text = page.content.decode()
    _assert_nothing_inline(text)
    assert "Only 2 left" in text
    assert "£2.50" in text
    assert "Sale \u221238%" in text
    assert "More from Tableware &amp; Mugs" in text


def test_an_accounts_pages_answer_with_few_queries(
    order_of_ada: Order, client: Client, django_assert_num_queries: Any
) -> None:
    client.force_login(order_of_ada.user)
    client.post(f"/basket/add/{order_of_ada.lines.first().product_id}/")
    pages = {"/account/": 5, f"/orders/{order_of_ada.number}/": 5, "/basket/": 4, "/checkout/": 5, "/": 7}
    for address, queries in pages.items():
        with django_assert_num_queries(queries):
            page = client.get(address)
        assert page.status_code == 200
        _assert_nothing_inline(page.content.decode())


def _assert_nothing_inline(text: str) -> None:
    """No script, style, style attribute or event handler stands in the page itself."""
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"<[^>]+\s(?:style|on[a-z]+)\s*=", text)
    assert "javascript:" not in text


@pytest.mark.django_db
def test_every_page_forbids_what_is_not_the_shops_own(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.usefixtures("shelf")
def test_hidden_products_are_nowhere(client: Client) -> None:
    hidden = Product.objects.get(is_visible=False)
    assert client.get(hidden.get_absolute_url()).status_code == 404
    for address in ("/search/?q=Number+05", "/"):
        assert "Mug Number 05" not in client.get(address).content.decode()


def test_an_old_name_in_the_address_leads_to_the_present_one(shelf: list[Product], client: Client) -> None:
    product = shelf[0]
    answer = client.get(f"/products/{product.pk}-old-name/")
    assert (answer.status_code, answer["Location"]) == (301, product.get_absolute_url())


@pytest.mark.usefixtures("shelf")
def test_sold_out_products_stand_last_in_every_order(client: Client) -> None:
    for sort in catalogue.SORTS:
        page = client.get("/categories/tableware-and-mugs/", {"sort": sort, "page": 2})
        assert list(page.context["products"])[-1].name == "Mug Number 03"


@pytest.mark.usefixtures("shelf")
def test_unknown_pages_and_orders_fall_back_to_sensible_ones(client: Client) -> None:
    page = client.get("/categories/tableware-and-mugs/", {"sort": "'; DROP", "page": "x"})
    assert (page.context["sort"], page.context["page"].number) == ("popular", 1)
    assert client.get("/categories/tableware-and-mugs/", {"page": 999}).context["page"].number == 2


def test_search_wants_every_word_and_puts_names_before_collections(make_product: Any) -> None:
    retrospot = Collection.objects.create(name="Retrospot", slug="retrospot")
    by_collection = make_product("Red Cake Tin", collection=retrospot, times_ordered=50)
    inside = make_product("Large Retrospot Cake Stand", times_ordered=5)
    scattered = make_product("Cake Tin with Retrospot", times_ordered=90)
    begins = make_product("Retrospot Cake Cases", times_ordered=1)
    make_product("Retrospot Mug", times_ordered=999)
    assert list(catalogue.search("retrospot cake")) == [begins, inside, scattered, by_collection]
    assert list(catalogue.search("CAKES retrospot")) == [scattered, inside, begins, by_collection]
    assert list(catalogue.search(begins.code)) == [begins]


@pytest.mark.parametrize("query", ["", " ", "%", "_", "\x00", "'\"--", "a" * 5000, "ß ẞ İ"])
@pytest.mark.usefixtures("shelf")
def test_search_survives_any_query(query: str, client: Client) -> None:
    assert client.get("/search/", {"q": query}).status_code == 200


@pytest.mark.django_db
def test_a_query_is_shown_as_text(client: Client) -> None:
    text = client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>" not in text


@pytest.mark.django_db
def test_registering_makes_an_account_and_logs_it_in(client: Client) -> None:
    form = {"username": "ada", "email": "ada@example.com"}
    form |= {"password1": "engine-number-two", "password2": "engine-number-two"}
    page = client.post("/account/register/", form, follow=True)
    assert page.redirect_chain == [("/account/", 302)]
    assert "Hello, ada" in page.content.decode()
    assert get_user_model().objects.get().email == "ada@example.com"


def test_logging_in_and_out(order_of_ada: Order, client: Client) -> None:
    assert client.get("/account/")["Location"] == "/account/log-in/?next=/account/"
    page = client.post(
        "/account/log-in/",
        {"username": "ada", "password": "engine-number-two", "next": "/account/"},
        follow=True,
    )
    text = page.content.decode()
    assert order_of_ada.number in text
    assert "£7.50" in text
    assert client.post("/account/log-out/")["Location"] == "/"
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["product", "order", "category", "collection", "dataload"])
def test_the_back_office_lists_and_searches(model: str, order_of_ada: Order, admin_client: Client) -> None:
    assert admin_client.get(f"/admin/shop/{model}/").status_code == 200
    assert admin_client.get(f"/admin/shop/{model}/", {"q": "mug"}).status_code == 200


def test_the_back_office_lists_products_without_a_query_per_row(
    shelf: list[Product], admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        page = admin_client.get("/admin/shop/product/")
    assert page.content.decode().count("/pictures/") == len(shelf)
    assert "Invented for this demo" in admin_client.get(f"/admin/shop/product/{shelf[0].pk}/change/").content.decode()


def test_the_back_office_cancels_and_puts_the_stock_back(order_of_ada: Order, admin_client: Client) -> None:
    before = Product.objects.get(name="Mug Number 00").stock
    admin_client.post(
        "/admin/shop/order/", {"action": "cancel_orders", "_selected_action": [order_of_ada.pk]}, follow=True
    )
    order_of_ada.refresh_from_db()
    assert order_of_ada.status == "cancelled"
    assert Product.objects.get(name="Mug Number 00").stock == before + 2


def test_the_back_office_dates_a_return(order_of_ada: Order, admin_client: Client) -> None:
    address = f"/admin/shop/order/{order_of_ada.pk}/change/"
    lines = list(order_of_ada.lines.all())
    form: dict[str, Any] = {**DETAILS, "user": order_of_ada.user_id}
    form |= {"lines-TOTAL_FORMS": 2, "lines-INITIAL_FORMS": 2}
    for position, (each, returned) in enumerate(zip(lines, (1, 0), strict=True)):
        form |= {f"lines-{position}-id": each.pk, f"lines-{position}-returned_quantity": returned}
    assert admin_client.post(address, {**form, "lines-0-returned_quantity": 9}).status_code == 200
    assert admin_client.post(address, form).status_code == 302
    first, second = order_of_ada.lines.all()
    assert (first.returned_quantity, first.returned_at is not None) == (1, True)
    assert (second.returned_quantity, second.returned_at) == (0, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "word"), [("en", "Basket"), ("ru", "Корзина"), ("uz", "Savat")])
def test_pages_speak_three_languages(client: Client, language: str, word: str) -> None:
    text = client.get("/", headers={"accept-language": language}).content.decode()
    assert f'<html lang="{language}">' in text
    assert word in text


def test_the_shop_runs_where_django_personalize_cannot_be_imported(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['django_personalize'] = None\n"
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('check'); call_command('migrate', verbosity=0)\n"
        "from django.test import Client\n"
        "print([Client().get(address).status_code for address in ('/', '/search/?q=mug', '/basket/', '/admin/login/')])"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "example_shop.plain",
        "EXAMPLE_SHOP_DB": str(tmp_path / "shop.sqlite3"),
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[200, 200, 200, 200]"], done.stderr
