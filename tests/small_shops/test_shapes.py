"""What is particular to one kind of shop, each in the shop that has it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core import checks
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from django_personalize.capture import findings
from django_personalize.capture.orders import reconcile
from django_personalize.capture.page_views import Pattern, learn
from django_personalize.conf import settings as ours
from django_personalize.core.types import Item
from django_personalize.models import Cart, Event, Finding, OrderLink, Visitor
from django_personalize.shop.problems import CART_SHAPE, CART_UNKNOWN_ITEM, PRICE_NOT_A_NUMBER, PRODUCT_GONE
from tests.small_shops.conftest import accept
from tests.small_shops.opening import SHOPS, told, visit_of

pytestmark = pytest.mark.django_db


def visitor_in() -> Client:
    client = Client()
    accept(client)
    return client


def titles() -> list[str]:
    return sorted(item.title for item in ours.shop.newest(100))


# What may be shown.


@pytest.mark.parametrize(
    ("name", "sellable"),
    [
        ("session_shop", ["Candle", "Lamp", "Lantern"]),
        ("order_is_cart", ["Linen shirt", "Rain coat", "Wool coat"]),
        ("cookie_shop", ["Headphones", "Shoes", "Watch"]),
        ("keyed_by_session", ["Blue jeans", "Red shirt"]),
        ("uuid_variants", ["Hiking boots", "Rain boots"]),
        ("translated", ["A town", "A wood", "The sea"]),
        ("drf_shop", ["Drum", "Kite"]),
        ("composite", ["Hammer", "Nails, 1 kg", "Saw"]),
    ],
)
def test_what_is_hidden_or_sold_out_is_not_shown(name: str, sellable: list[str], open_shop: Any) -> None:
    open_shop(name)
    assert titles() == sellable


PRODUCT_PAGES = {
    "session_shop": ("Lamp", "Lantern"),
    "order_is_cart": ("Linen shirt", "Rain coat"),
    "keyed_by_session": ("Red shirt", "Blue jeans"),
    "uuid_variants": ("Hiking boots", "Rain boots"),
    "translated": ("The sea", "A wood"),
    "composite": ("Hammer", "Saw"),
}


@pytest.mark.parametrize("name", PRODUCT_PAGES)
def test_a_product_page_shows_what_else_there_is_without_an_edit_to_the_shop(name: str, open_shop: Any) -> None:
    open_shop(name)
    own, other = PRODUCT_PAGES[name]
    address = {item.title: item.url for item in ours.shop.newest(100, request=RequestFactory().get("/"))}
    page = Client().get(address[own])
    row = page.content.decode().split("data-pz-placement", 1)[-1]
    assert page.status_code == 200
    assert f'href="{address[other]}"' in row
    assert other in row


@pytest.mark.parametrize("name", SHOPS)
def test_more_products_cost_no_more_queries(name: str, open_shop: Any) -> None:
    open_shop(name)
    keys = [item.key for item in ours.shop.newest(100)]
    assert len(keys) > 1
    counts = []
    for some in (keys[:1], keys):
        with CaptureQueriesContext(connection) as queries:
            ours.shop.items(some)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", PRODUCT_PAGES)
def test_a_product_page_costs_a_shopper_with_a_yes_and_a_full_cart_two_queries_more(
    name: str, open_shop: Any, settings: Any
) -> None:
    open_shop(name)
    client = Client()
    accept(client)
    for step in visit_of(name)(client, lambda: None):
        if any(kind == "add_to_cart" for kind, *_ in step.came):
            break
    assert any(Cart.objects.values_list("lines", flat=True))
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]  # the shop's own pages, without a personal row
    # Like this one, the default sink asks the database for nothing while a page is made.
    settings.PERSONALIZE = settings.PERSONALIZE | {"SINK": "django_personalize.testing.doubles.MemorySink"}
    items = ours.shop.newest(100, request=RequestFactory().get("/"))
    page = next(item.url for item in items if item.title == PRODUCT_PAGES[name][0])
    ours_alone = [each for each in settings.MIDDLEWARE if "personalize" in each]
    counts = []
    for middleware in (settings.MIDDLEWARE, [each for each in settings.MIDDLEWARE if each not in ours_alone]):
        settings.MIDDLEWARE = middleware
        same = Client()  # a client keeps the middleware that it began with
        same.cookies = client.cookies
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                assert same.get(page).status_code == 200
        counts.append(sum(not query["sql"].startswith(("BEGIN", "COMMIT")) for query in queries))
    assert 0 <= counts[0] - counts[1] <= 2


def test_a_card_of_a_shop_without_product_pages_is_no_link(open_shop: Any) -> None:
    open_shop("cookie_shop")
    page = Client().get("/").content.decode()
    assert "data-pz-slot" in page
    assert 'href=""' not in page


# Prices.


def test_a_float_is_the_price_that_was_meant_and_a_reduction_shows_both(open_shop: Any) -> None:
    open_shop("order_is_cart")
    prices = {item.title: (item.price, item.list_price) for item in ours.shop.newest(10)}
    assert prices == {
        "Linen shirt": (Decimal("25.5"), None),
        "Rain coat": (Decimal("60.0"), Decimal("80.0")),
        "Wool coat": (Decimal("120.0"), None),
    }


def test_a_price_that_only_variants_have_is_the_lowest(open_shop: Any) -> None:
    open_shop("uuid_variants")
    items = {item.title: item for item in ours.shop.newest(10)}
    assert {title: item.price for title, item in items.items()} == {
        "Hiking boots": Decimal("120.00"),
        "Rain boots": Decimal("35.00"),
    }
    assert items["Hiking boots"].attributes == {"material": "leather"}


def test_a_price_that_is_no_number_is_unknown_and_the_article_is_shown_all_the_same(open_shop: Any) -> None:
    open_shop("composite")
    prices = {item.title: item.price for item in ours.shop.newest(10)}
    assert prices == {"Hammer": Decimal("12.40"), "Nails, 1 kg": None, "Saw": Decimal("29.00")}


# Orders.


def test_what_cannot_be_used_of_an_order_is_counted_by_name(open_shop: Any) -> None:
    open_shop("composite")
    report = reconcile()
    assert report.tally.counts == {PRODUCT_GONE: 1, PRICE_NOT_A_NUMBER: 1}
    assert dict(Finding.objects.values_list("reason", "count")) == {PRODUCT_GONE: 1, PRICE_NOT_A_NUMBER: 1}
    purchases = Event.objects.order_by("pk").values_list("item_key", "price", "quantity")
    assert list(purchases) == [
        ("ACME,7", Decimal("12.4"), 2),
        ("ACME,8", None, 2),
        ("B%2C%20100%25,7", Decimal(29), 2),
        ("", Decimal(5), 1),
    ]


def test_each_column_of_a_key_is_checked(open_shop: Any, settings: Any) -> None:
    open_shop("composite")
    lines = settings.PERSONALIZE["ORDER_LINES"] | {"item": ("supplier", "nummer")}
    settings.PERSONALIZE = settings.PERSONALIZE | {"ORDER_LINES": lines}
    found = [(message.id, message.hint) for message in checks.run_checks(tags=["personalize"])]
    assert found == [("personalize.E005", 'Did you mean "number"?')]


def test_a_line_whose_product_was_deleted_still_counts_as_sold(open_shop: Any) -> None:
    open_shop("cookie_shop")
    report = reconcile()
    assert report.tally.counts == {PRODUCT_GONE: 1}
    assert Event.objects.filter(kind="purchase", item_key="", quantity=2).count() == 1


def test_a_product_that_the_shops_manager_hides_was_sold_all_the_same(open_shop: Any) -> None:
    from tests.small_shops.keyed_by_session.models import Product

    open_shop("keyed_by_session")
    reconcile()
    hidden = Product._base_manager.get(product_name="Old hat")
    assert Event.objects.filter(kind="purchase", item_key=str(hidden.pk)).exists()
    assert PRODUCT_GONE not in reconcile().tally.counts


def test_an_order_with_several_payments_is_sold_once(open_shop: Any) -> None:
    from tests.small_shops.uuid_variants.models import Order, OrderLine, Payment

    open_shop("uuid_variants")
    for order in Order.objects.filter(payments__status="C"):
        Payment.objects.create(order=order, status="C", amount=1)
    sold = OrderLine.objects.filter(order__payments__status="C").distinct()
    report = reconcile()
    assert report.lines == Event.objects.filter(kind="purchase").count() == sold.count()
    assert not any(line.sold for order in Order.objects.exclude(payments__status="C") for line in of(order))
    assert all(line.sold for order in Order.objects.filter(payments__status="C") for line in of(order))


def of(order: Any) -> list[Any]:
    return list(ours.shop.lines(order_keys=[str(order.pk)]))


def test_a_cart_that_is_in_two_orders_is_sold_in_the_one_that_was_paid(open_shop: Any) -> None:
    """The line has no order of its own: whichever order its cart is in."""
    from tests.small_shops.drf_shop.models import Order

    open_shop("drf_shop")
    paid = Order.objects.get(status="paid")
    again = Order.objects.create(cart=paid.cart, email="x@example.com", status="created", total=10)
    reconcile()
    lines = paid.cart.products.count()
    assert Event.objects.filter(kind="purchase", transaction_id=str(paid.pk)).count() == lines
    assert not Event.objects.filter(transaction_id=str(again.pk)).exists()
    again.status = "paid"
    again.save()
    reconcile()
    assert Event.objects.filter(kind="purchase", transaction_id=str(again.pk)).count() == lines


def test_a_payment_by_webhook_finds_the_guest_who_ordered(open_shop: Any) -> None:
    from tests.small_shops.session_shop.models import Order, Product
    from tests.small_shops.session_shop.visit import ADDRESS, pay

    open_shop("session_shop")
    client = visitor_in()
    client.post(f"/cart/add/{Product.objects.get(name='Lamp').pk}/", {"quantity": 2})
    client.post("/orders/create/", ADDRESS)
    order = Order.objects.latest("pk")
    assert list(OrderLink.objects.values_list("order_key", "visitor")) == [(str(order.pk), Visitor.objects.get().pk)]
    pay("payment.succeeded", order)
    sold = Event.objects.get(kind="purchase")
    assert (sold.visitor_id, sold.transaction_id, sold.price, sold.currency) == (
        Visitor.objects.get().pk,
        str(order.pk),
        Decimal(30),
        "EUR",
    )


def test_who_withdrew_before_the_webhook_came_is_not_found(open_shop: Any) -> None:
    from tests.small_shops.session_shop.models import Order, Product
    from tests.small_shops.session_shop.visit import ADDRESS, pay

    open_shop("session_shop")
    client = visitor_in()
    client.post(f"/cart/add/{Product.objects.get(name='Lamp').pk}/", {"quantity": 2})
    client.post("/orders/create/", ADDRESS)
    client.post("/cookies/decline/", {"all_groups": "true"})
    assert not OrderLink.objects.exists()
    pay("payment.succeeded", Order.objects.latest("pk"))
    assert list(Event.objects.values_list("kind", "quantity", "visitor")) == [("purchase", 2, None)]


# Carts.


@pytest.fixture
def _no_finding_waits() -> Any:
    findings.forget()
    yield
    findings.forget()


@pytest.mark.usefixtures("_no_finding_waits")
def test_a_cart_of_unknown_shape_is_counted_and_is_no_empty_cart(open_shop: Any) -> None:
    open_shop("composite")
    client = visitor_in()
    client.post("/cart/ACME/7/", {"pieces": 3})
    held = Cart.objects.get().lines
    client.post("/import/", {"typed": "10 hammers, please"})
    client.get("/")
    assert dict(Finding.objects.values_list("reason", "count")) == {CART_SHAPE: 1}
    assert Cart.objects.get().lines == held == [["ACME,7", "", 3]]
    client.post("/cart/ACME/7/", {"pieces": 4})
    assert told("composite") == [("add_to_cart", "Hammer", 3), ("add_to_cart", "Hammer", 1)]


def cart_cookie(client: Client, value: str) -> None:
    client.cookies["cart"] = value
    client.get("/cart/")


def test_a_cookie_that_the_script_did_not_encode_is_read_as_well(open_shop: Any) -> None:
    from tests.small_shops.cookie_shop.models import Product

    open_shop("cookie_shop")
    client = visitor_in()
    cart_cookie(client, json.dumps({str(Product.objects.get(name="Watch").pk): {"quantity": 2}}))
    assert told("cookie_shop") == [("add_to_cart", "Watch", 2)]


@pytest.mark.usefixtures("_no_finding_waits")
@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("hello", CART_SHAPE),
        ("[[[[", CART_SHAPE),
        ('{"1": {"quantity": "many"}}', CART_SHAPE),
        ('{"999999": {"quantity": 2}}', CART_UNKNOWN_ITEM),
        ('{"drop table": {"quantity": 2}}', CART_UNKNOWN_ITEM),
    ],
)
def test_what_somebody_writes_into_the_cookie_is_no_cart(written: str, reason: str, open_shop: Any) -> None:
    open_shop("cookie_shop")
    client = Client(raise_request_exception=False)
    accept(client)
    cart_cookie(client, written)
    assert told("cookie_shop") == []
    assert [finding.reason for finding in Finding.objects.all()] == [reason]


def test_a_guests_cookie_is_not_the_members_cart(open_shop: Any) -> None:
    """The shop keeps the cookie when somebody logs in, and shows the cart of the account."""
    from tests.small_shops.cookie_shop.models import Product
    from tests.small_shops.cookie_shop.visit import script

    open_shop("cookie_shop")
    client = visitor_in()
    script(client, Shoes=1)
    client.post("/login/", {"username": "member", "password": "pw"}, follow=True)
    for _ in range(2):
        client.get("/")
        client.get("/cart/")
    assert told("cookie_shop", kind="add_to_cart") == [("add_to_cart", "Shoes", 1)]
    assert told("cookie_shop", kind="remove_from_cart") == []
    assert Cart.objects.get().lines == []
    watch = Product.objects.get(name="Watch").pk
    client.post("/update_item/", {"productId": watch, "action": "add"}, content_type="application/json")
    assert told("cookie_shop")[-1] == ("add_to_cart", "Watch", 1)


def test_logging_out_empties_no_cart(open_shop: Any) -> None:
    open_shop("cookie_shop")
    client = visitor_in()
    client.post("/login/", {"username": "member", "password": "pw"}, follow=True)
    from tests.small_shops.cookie_shop.models import Product

    watch = Product.objects.get(name="Watch").pk
    client.post("/update_item/", {"productId": watch, "action": "add"}, content_type="application/json")
    client.post("/logout/", follow=True)
    client.get("/cart/")
    assert [kind for kind, *_ in told("cookie_shop") if kind != "purchase"] == ["login", "add_to_cart"]


# Languages and sites.


@pytest.mark.parametrize(("language", "title", "address"), [("en", "The sea", "/en/poster/the-sea/"), ("ru", "Море", "/ru/poster/more/")])  # noqa: E501, RUF001  # fmt: skip
def test_a_card_speaks_the_language_of_the_page(language: str, title: str, address: str, open_shop: Any) -> None:
    open_shop("translated")
    with translation.override(language):
        item = ours.shop.items(["p-sea"])["p-sea"]
    assert (item.title, item.url) == (title, address)


def test_a_site_shows_what_it_sells_and_events_say_where(open_shop: Any) -> None:
    open_shop("translated")
    here, there = (Site.objects.get(domain=domain) for domain in ("testserver", "other.example"))
    factory = RequestFactory()
    for host, sellable in (("testserver", ["p-sea", "p-wood"]), ("other.example", ["p-town"])):
        request = factory.get("/en/", headers={"host": host})
        assert ours.shop.sellable(["p-sea", "p-town", "p-wood"], request=request) == sellable
    client = visitor_in()
    client.get("/en/poster/the-sea/")
    client.get("/en/poster/a-town/", headers={"host": "other.example"})
    assert list(Event.objects.order_by("pk").values_list("item_key", "scope")) == [
        ("p-sea", str(here.pk)),
        ("p-town", str(there.pk)),
    ]


def test_an_order_keeps_its_currency_and_its_site(open_shop: Any) -> None:
    from tests.small_shops.translated.models import SoldPoster

    open_shop("translated")
    reconcile()
    expected = {
        (piece.order.number, piece.order.currency, str(piece.order.site_id))
        for piece in SoldPoster.objects.select_related("order")
    }
    found = Event.objects.filter(kind="purchase").values_list("transaction_id", "currency", "scope")
    assert set(found) == expected


# Pages.


def test_the_part_of_an_address_that_tells_products_apart_is_learnt(open_shop: Any) -> None:
    """All of one category agree on the category as well."""
    open_shop("keyed_by_session")

    def item(key: str, category: str, slug: str) -> Item:
        row = type("Row", (), {"category_slug": category, "product_slug": slug})()
        return Item(key=key, title="x", url=f"/store/category/{category}/{slug}/", obj=row)

    clothes = [item("1", "clothes", "hat"), item("2", "clothes", "belt"), item("3", "clothes", "scarf")]
    for items in (clothes, [*clothes[:2], item("3", "shoes", "boots")]):
        assert learn(items) == Pattern("product_detail", "product_slug", "product_slug")
    assert learn([item("1", "clothes", "hat"), item("2", "clothes", "hat")]) is None


def test_arguments_that_are_called_otherwise_than_the_fields_are_learnt(open_shop: Any) -> None:
    open_shop("keyed_by_session")
    assert learn(ours.shop.newest(5)) == Pattern("product_detail", "product_slug", "slug")


# Before the yes, and after somebody else.


def test_what_was_in_the_cart_before_the_yes_was_not_put_there_after_it(open_shop: Any) -> None:
    from tests.small_shops.session_shop.models import Product

    open_shop("session_shop")
    client = Client()
    lamp, lantern = (Product.objects.get(name=name).pk for name in ("Lamp", "Lantern"))
    client.post(f"/cart/add/{lamp}/", {"quantity": 3})
    accept(client)
    client.post(f"/cart/add/{lantern}/", {"quantity": 1})
    client.post(f"/cart/remove/{lamp}/")
    assert told("session_shop") == [("add_to_cart", "Lantern", 1), ("remove_from_cart", "Lamp", 3)]


def test_the_next_members_cart_is_not_what_the_last_one_took_out(open_shop: Any) -> None:
    open_shop("order_is_cart")
    client = visitor_in()
    for name in ("member3", "member0", "member3"):
        client.post("/login/", {"username": name, "password": "pw"}, follow=True)
        client.get("/order-summary/")
        client.post("/logout/", follow=True)
    assert [kind for kind, *_ in told("order_is_cart") if kind != "purchase"] == ["login"] * 3


# Orders that nobody of a visit made.


def test_an_order_of_a_command_or_a_worker_waits_for_the_next_sync(open_shop: Any) -> None:
    from tests.small_shops.session_shop.models import Order, OrderItem, Product

    open_shop("session_shop")
    reconcile()
    before = told("session_shop")
    order = Order.objects.create(first_name="A", last_name="B", email="a@example.com", address="x", paid=True)
    OrderItem.objects.create(order=order, product=Product.objects.get(name="Lamp"), price=30, quantity=1)
    assert told("session_shop") == before
    call_command("personalize_sync", verbosity=0)
    assert told("session_shop") == [*before, ("purchase", "Lamp", 1)]
    assert not OrderLink.objects.exists()


def test_an_order_that_is_deleted_was_never_sold(open_shop: Any) -> None:
    from tests.small_shops.order_is_cart.models import Order

    open_shop("order_is_cart")
    reconcile()
    order = Order.objects.get(ref_code="ref-1")
    assert Event.objects.filter(transaction_id=str(order.pk)).exists()
    get_user_model().objects.create_superuser("boss", password="pw")
    client = Client()
    client.post("/admin/login/", {"username": "boss", "password": "pw"})
    client.post(f"/admin/order_is_cart/order/{order.pk}/delete/", {"post": "yes"})
    assert not Order.objects.filter(pk=order.pk).exists()
    assert not Event.objects.filter(transaction_id=str(order.pk)).exists()
