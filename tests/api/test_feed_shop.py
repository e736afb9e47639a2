"""What came over HTTP, read as a shop's own tables are."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.test import RequestFactory

from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.integrations.http import FeedShop
from django_personalize.models import FeedItem
from django_personalize.shop.problems import PRODUCT_GONE
from django_personalize.testing.contracts import ShopContract
from tests.api.conftest import line, order, product, told

pytestmark = pytest.mark.django_db


class TestFeedShop(ShopContract):
    @pytest.fixture
    def shop(self, ok):
        ok("products/", {"products": [product("1", link="/p/1"), product("2", availability="out_of_stock")]})
        lines = [line("1", quantity=3, cancelled_quantity=2), line("red")]
        ok("orders/", {"orders": [order("A", lines=lines), order("B", "1", status="unpaid")]})
        return FeedShop()

    @pytest.fixture
    def sellable(self):
        return "1"

    @pytest.fixture
    def sold_out(self):
        return "2"


def test_it_needs_no_mapping_and_follows_none(settings, ok):
    assert "model" in settings.PERSONALIZE["PRODUCT"]  # the example shop's
    ok("products/", {"products": [product("1")]})
    settings.PERSONALIZE = {"SHOP": settings.PERSONALIZE["SHOP"], "INGEST_KEYS": settings.PERSONALIZE["INGEST_KEYS"]}
    ok("products/", {"products": [product("2")]})
    assert [item.key for item in FeedShop().newest(5)] == ["2", "1"]
    call_command("check", "--tag", "personalize")


def test_an_item_is_as_it_was_told(ok, django_assert_num_queries):
    sent = product("1", price="8 GBP", sale_price="6.50 GBP", brand="Kiln", product_type="Mugs",
                   image_link="https://img.example/1.jpg", created="2026-01-01T00:00:00Z")  # fmt: skip
    ok("products/", {"products": [sent]})
    with django_assert_num_queries(1):
        [item] = settings.shop.items(["1"]).values()
    assert (item.title, item.url, item.image) == (
        "Product 1", "https://shop.example/1", "https://img.example/1.jpg"
    )  # fmt: skip
    assert (item.price, item.list_price, item.currency) == (Decimal("6.50"), Decimal("8"), "GBP")
    assert (item.category, item.brand, item.created) == ("Mugs", "Kiln", datetime(2026, 1, 1, tzinfo=UTC))
    assert item.obj == FeedItem.objects.get()


def test_only_what_is_listed_and_in_stock_is_sold_and_a_variant_never_by_itself(ok):
    red, blue = (product(key, item_group_id="mug") for key in ("red", "blue"))
    ok("products/", {"products": [product("1"), product("2"), product("3", availability="out_of_stock"), red, blue]})
    ok("products/2/", method="DELETE")
    keys = ["blue", "mug", "3", "2", "1", "red"]
    assert settings.shop.sellable(keys) == ["mug", "1"]
    assert sorted(settings.shop.items(keys)) == ["1", "mug"]
    assert {item.key for item in settings.shop.newest(9)} == {"1", "mug"}
    assert [key for key, *_ in settings.shop.facts()] == ["1", "2", "3", "mug"]


def test_a_variant_is_shown_as_its_product(ok):
    ok("products/", {"products": [product("red", item_group_id="mug")]})
    red = FeedItem.objects.get(key="red")
    assert (settings.shop.item_key(red), settings.shop.variant_key(red)) == ("mug", "red")
    assert settings.shop.group_of(["red", "mug", "none"]) == {"red": "mug", "mug": "mug"}


def test_lines_say_what_is_gone(ok):
    ok("products/", {"products": [product("1")]})
    ok("orders/", {"orders": [order("A", "1", "gone")]})
    tally = Tally()
    assert len(list(settings.shop.lines(tally=tally))) == 2
    assert tally.counts == {PRODUCT_GONE: 1}


def test_lines_of_one_account_and_of_some_orders(ok):
    ok("products/", {"products": [product("1")]})
    ok("events/", told("b1", user="77"))
    ok(
        "orders/",
        {"orders": [order("A", "1", user="77"), order("B", "1", user="78"), order("C", "1", status="unpaid")]},
    )
    assert [each.order_key for each in settings.shop.lines(user_key="77")] == ["A"]
    assert list(settings.shop.lines(user_key="78")) == []
    assert [(each.order_key, each.sold) for each in settings.shop.lines(order_keys=["B", "C", "D"])] == [
        ("B", True), ("C", False)
    ]  # fmt: skip
    assert settings.shop.count_lines() == 2


def test_it_knows_no_cart_and_watches_nothing():
    request = RequestFactory().post("/")
    request.session = {"cart": {"1": 1}}
    assert settings.shop.cart(request) is None
    assert list(settings.shop.watched()) == []
