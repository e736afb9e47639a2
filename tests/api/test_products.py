"""The catalogue as it comes over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest

from django_personalize.api import products
from django_personalize.models import FeedItem
from tests.api.conftest import during, order, product, several_writers
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
OWN = FeedItem.objects.filter(from_variants=False)


def keys(**conditions):
    return sorted(FeedItem.objects.filter(**conditions).values_list("key", flat=True))


def test_a_product_is_kept_as_it_was_told(ok):
    answer = ok(
        "products/",
        {
            "products": [
                {
                    "id": "mug",
                    "item_group_id": None,
                    "title": "Mug",
                    "link": "https://shop.example/mug?colour=red",
                    "image_link": "https://shop.example/mug.jpg",
                    "price": "8.00 GBP",
                    "sale_price": "6.50 GBP",
                    "availability": "In Stock",
                    "brand": "Kiln",
                    "product_type": "Kitchen > Mugs",
                    "created": "2026-02-01T13:00:00+01:00",
                    "updated": "2026-03-01T11:00:00Z",
                    "gtin": "0123456789012",
                    "shipping": [{"country": "GB"}],
                }
            ]
        },
    )
    assert answer == {"accepted": 1, "stale": 0, "errors": []}
    [row] = FeedItem.objects.values()
    assert row == {
        "key": "mug",
        "group_id": None,
        "from_variants": False,
        "title": "Mug",
        "link": "https://shop.example/mug?colour=red",
        "image_link": "https://shop.example/mug.jpg",
        "price": Decimal("6.50"),
        "list_price": Decimal("8.00"),
        "currency": "GBP",
        "category": "Kitchen > Mugs",
        "brand": "Kiln",
        "in_stock": True,
        "listed": True,
        "created": datetime(2026, 2, 1, 12, tzinfo=UTC),
        "updated": datetime(2026, 3, 1, 11, tzinfo=UTC),
        "feed": "",
        "feed_began": None,
        "received_at": NOON,
    }


def test_the_least_that_a_product_may_say(ok):
    ok("products/", {"products": [{"id": 7, "title": "Mug", "link": "/mug/"}]})
    row = FeedItem.objects.get(key="7")
    assert (row.price, row.list_price, row.currency, row.category, row.brand) == (None, None, "", "", "")
    assert (row.in_stock, row.listed, row.created, row.updated) == (True, True, NOON, None)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_product_replaces_what_was_told_before_and_keeps_its_age(ok, frozen, method):
    ok("products/", {"products": [product("1", brand="Kiln", price="2.50 GBP")]})
    frozen(timedelta(hours=1))
    ok("products/", {"products": [product("1", price="3.00 EUR", availability="out_of_stock")]}, method=method)
    row = FeedItem.objects.get()
    assert (row.price, row.currency, row.brand, row.in_stock) == (Decimal("3.00"), "EUR", "", False)
    assert row.created == NOON


def test_the_same_again_changes_nothing(ok):
    body = {"products": [product("1"), product("red", item_group_id="mug"), product("blue", item_group_id="mug")]}
    first = ok("products/", body), list(FeedItem.objects.order_by("key").values())
    assert (ok("products/", body), list(FeedItem.objects.order_by("key").values())) == first


@pytest.mark.parametrize(("price", "sale", "now", "before"), [
    ("8.00 GBP", "6.50 GBP", "6.50", "8.00"),
    ("8.00 GBP", "8.00 GBP", "8.00", None),
    ("8.00 GBP", "9.00 GBP", "9.00", None),
    ("8.0001GBP", None, "8.0001", None),
    ("0 GBP", None, "0", None),
])  # fmt: skip
def test_the_price_is_what_it_costs_now(ok, price, sale, now, before):
    ok("products/", {"products": [product("1", price=price, sale_price=sale)]})
    row = FeedItem.objects.get()
    assert (row.price, row.list_price) == (Decimal(now), before and Decimal(before))


WRONG = [
    ("id", ..., "nothing"),
    ("id", "", '""'),
    ("id", "  ", '"  "'),
    ("id", "x" * 65, '"' + "x" * 65 + '"'),
    ("id", True, "true"),
    ("id", 1.5, "1.5"),
    ("id", ["1"], '["1"]'),
    ("id", "a\nb", '"a\\nb"'),
    ("title", ..., "nothing"),
    ("title", "", '""'),
    ("title", None, "null"),
    ("title", "a\x00b", '"a\\u0000b"'),
    ("title", "x" * 301, '"' + "x" * 76 + "..."),
    ("link", ..., "nothing"),
    ("link", "javascript:alert(1)", '"javascript:alert(1)"'),
    ("link", "//evil.example/", '"//evil.example/"'),
    ("link", "/\\evil.example/", '"/\\\\evil.example/"'),
    ("link", "https:/shop", '"https:/shop"'),
    ("link", "https://[bad/", '"https://[bad/"'),
    ("link", "mug.html", '"mug.html"'),
    ("link", "https://shop.example/a b", '"https://shop.example/a b"'),
    ("image_link", "data:image/png;base64,x", '"data:image/png;base64,x"'),
    ("price", "2.50", '"2.50"'),
    ("price", 2.5, "2.5"),
    ("price", "2,50 GBP", '"2,50 GBP"'),
    ("price", "-1 GBP", '"-1 GBP"'),
    ("price", "2.50 gbp", '"2.50 gbp"'),
    ("price", "\u0662 GBP", '"\u0662 GBP"'),
    ("price", "1" * 15 + " GBP", '"' + "1" * 15 + ' GBP"'),
    ("price", {"value": "2.50"}, '{"value": "2.50"}'),
    ("availability", "soon", '"soon"'),
    ("availability", True, "true"),
    ("created", "2026-03-01", '"2026-03-01"'),
    ("created", "2026-03-01T12:00:00", '"2026-03-01T12:00:00"'),
    ("created", "1989-12-31T23:59:59Z", '"1989-12-31T23:59:59Z"'),
    ("created", "2026-03-02T12:00:01Z", '"2026-03-02T12:00:01Z"'),
    ("created", "0001-01-01T00:00:00+14:00", '"0001-01-01T00:00:00+14:00"'),
    ("updated", 1772366400, "1772366400"),
    ("item_group_id", "x" * 65, '"' + "x" * 65 + '"'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "found"), WRONG)
def test_what_is_wrong_is_named_by_index_and_name_and_the_others_are_kept(ok, name, value, found):
    answer = ok("products/", {"products": [product("1"), product("2", **{name: value}), product("3")]})
    assert answer["accepted"] == 2
    [error] = answer["errors"]
    assert (error["index"], error["name"], error["found"]) == (1, name, found)
    assert error["wanted"]
    assert keys() == ["1", "3"]


@pytest.mark.parametrize("thing", [None, 1, "1", [], True])
def test_what_is_no_product_at_all_is_named_by_its_index(ok, thing):
    answer = ok("products/", {"products": [product("1"), thing]})
    [error] = answer["errors"]
    assert (error["index"], error["id"], error["name"]) == (1, None, "")


def test_several_faults_of_one_product_are_all_named(send):
    response = send("products/", {"products": [{"id": "1", "price": "x"}]})
    assert response.status_code == 400
    assert [(each["id"], each["name"]) for each in response.json()["errors"]] == [
        ("1", "title"), ("1", "link"), ("1", "price")
    ]  # fmt: skip
    assert (response.json()["accepted"], response.json()["found"]) == (0, "no part that can be kept")


@pytest.mark.parametrize(("changes", "name"), [
    ({"price": None, "sale_price": "1 GBP"}, "price"),
    ({"price": "2 GBP", "sale_price": "1 EUR"}, "sale_price"),
    ({"price": "2 GBP", "sale_price": "1 GBP", "sale_price_effective_date": "a/b"}, "sale_price_effective_date"),
])  # fmt: skip
def test_prices_that_do_not_go_together_are_refused(send, changes, name):
    response = send("products/", {"products": [product("1", **changes)]})
    assert [each["name"] for each in response.json()["errors"]] == [name]


def test_a_product_twice_in_a_batch_is_refused_the_second_time(ok):
    answer = ok("products/", {"products": [product("1", title="A"), product("2"), product("1", title="B")]})
    assert (answer["accepted"], [(each["index"], each["id"]) for each in answer["errors"]]) == (2, [(2, "1")])
    assert answer["errors"][0]["wanted"] == "each product once; it is at index 0 too"
    assert FeedItem.objects.get(key="1").title == "A"


def test_what_is_older_than_what_is_known_is_left_out(ok):
    ok("products/", {"products": [product("1", title="New", updated="2026-03-01T11:00:00Z")]})
    old = product("1", title="Old", updated="2026-03-01T10:00:00Z")
    assert ok("products/", {"products": [old, product("2")]}) == {"accepted": 1, "stale": 1, "errors": []}
    assert FeedItem.objects.get(key="1").title == "New"
    ok("products/", {"products": [product("1", title="Timeless")]})
    assert FeedItem.objects.get(key="1").title == "Timeless"
    assert ok("products/", {"products": [old]})["stale"] == 1


class TestVariants:
    RED = product("red", item_group_id="mug", price="9 GBP", brand="Kiln")
    BLUE = product("blue", item_group_id="mug", price="8 GBP")

    def test_without_a_product_of_their_own_they_get_one_from_the_cheapest_that_can_be_bought(self, ok):
        ok("products/", {"products": [self.RED, self.BLUE]})
        mug = FeedItem.objects.get(key="mug")
        assert (mug.from_variants, mug.title, mug.price, mug.brand) == (True, "Product blue", Decimal(8), "")
        assert keys(group="mug") == ["blue", "red"]
        ok("products/", {"products": [self.BLUE | {"availability": "out_of_stock"}]})
        mug.refresh_from_db()
        assert (mug.title, mug.price, mug.brand, mug.in_stock) == ("Product red", Decimal(9), "Kiln", True)
        ok("products/", {"products": [self.RED | {"availability": "out_of_stock"}]})
        mug.refresh_from_db()
        assert (mug.listed, mug.in_stock) == (True, False)

    @pytest.mark.parametrize("backwards", [False, True])
    def test_a_product_that_is_sent_itself_stays_as_it_was_sent(self, ok, backwards):
        batches = [[product("mug", title="The mug")], [self.RED]]
        for batch in reversed(batches) if backwards else batches:
            ok("products/", {"products": batch})
        mug = FeedItem.objects.get(key="mug")
        assert (mug.from_variants, mug.title, mug.price) == (False, "The mug", Decimal("2.50"))
        assert keys(group="mug") == ["red"]

    def test_a_product_whose_group_is_itself_is_no_variant(self, ok):
        ok("products/", {"products": [product("mug", item_group_id="mug"), self.RED]})
        assert (keys(group=None), keys(group="mug"), keys(from_variants=True)) == (["mug"], ["red"], [])

    def test_one_that_leaves_its_group_takes_its_facts_along(self, ok):
        ok("products/", {"products": [self.RED, self.BLUE]})
        ok("products/", {"products": [self.BLUE | {"item_group_id": ""}]})
        assert (keys(group="mug"), FeedItem.objects.get(key="mug").price) == (["red"], Decimal(9))
        ok("products/", {"products": [self.RED | {"item_group_id": "cup"}]})
        assert FeedItem.objects.get(key="mug").listed is False
        assert FeedItem.objects.get(key="cup").price == Decimal(9)

    def test_a_variant_of_a_variant_is_refused(self, ok):
        ok("products/", {"products": [self.RED]})
        answer = ok("products/", {"products": [product("dark-red", item_group_id="red"), product("1")]})
        assert answer["errors"][0]["wanted"] == "a product that is no variant itself; 'red' is one of 'mug'"
        answer = ok("products/", {"products": [product("mug", item_group_id="kitchen"), product("1")]})
        assert answer["errors"][0]["wanted"] == "none: other products are variants of this one"
        answer = ok(
            "products/", {"products": [product("a", item_group_id="b"), product("b", item_group_id="c"), product("1")]}
        )
        assert [(each["index"], each["name"]) for each in answer["errors"]] == [(0, "item_group_id")]
        assert keys(group__isnull=False) == ["b", "red"]

    def test_taking_variants_out_takes_their_product_out_with_the_last(self, ok):
        ok("products/", {"products": [self.RED, self.BLUE]})
        assert ok("products/blue/", method="DELETE") == {"unlisted": 1}
        assert (keys(listed=True), FeedItem.objects.get(key="mug").price) == (["mug", "red"], Decimal(9))
        ok("products/red/", method="DELETE")
        assert keys(listed=True) == []


class TestTakingOut:
    def test_a_product_is_unlisted_and_stays_known(self, ok):
        ok("products/", {"products": [product("1"), product("2")]})
        assert [ok("products/1/", method="DELETE") for _ in range(2)] == [{"unlisted": 1}, {"unlisted": 0}]
        assert (keys(), keys(listed=True)) == (["1", "2"], ["2"])
        ok("products/", {"products": [product("1")]})
        assert keys(listed=True) == ["1", "2"]

    @pytest.mark.parametrize("key", ["a/b", "a b", "ü", "100%", "a/"])
    def test_any_key_can_be_taken_out(self, ok, key):
        ok("products/", {"products": [product(key, link="/")]})
        assert ok(f"products/{quote(key, safe='')}/", method="DELETE") == {"unlisted": 1}

    @pytest.mark.parametrize("key", ["2", "mug", "%00", "x" * 500])
    def test_an_unknown_product_is_none(self, ok, send, key):
        ok("products/", {"products": [product("1"), product("red", item_group_id="mug")]})
        response = send(f"products/{key}/", method="DELETE")
        assert (response.status_code, set(response.json())) == (404, {"found", "wanted", "do"})
        assert keys(listed=True) == ["1", "mug", "red"]


class TestWholeFeed:
    @pytest.fixture(autouse=True)
    def _monday(self, ok, frozen):
        """Ten products, an hour ago."""
        ok("products/", {"feed": "monday", "products": [product(str(number)) for number in range(10)]})
        assert ok("feeds/", {"feed": "monday", "count": 10}) == {"listed": 10, "unlisted": 0}
        frozen(timedelta(hours=1))

    def part(self, *numbers, feed="tuesday"):
        return {"feed": feed, "products": [product(str(number)) for number in numbers]}

    def test_what_it_does_not_name_is_unlisted_when_it_ends_and_not_before(self, ok):
        ok("products/", self.part(0, 1, 2, 3))
        ok("products/", self.part(4, 5, 6, 10))
        assert len(keys(listed=True)) == 11
        assert ok("feeds/", {"feed": "tuesday", "count": 8}) == {"listed": 8, "unlisted": 3}
        assert keys(listed=True) == ["0", "1", "10", "2", "3", "4", "5", "6"]
        assert ok("feeds/", {"feed": "tuesday", "count": 8}) == {"listed": 8, "unlisted": 0}

    @pytest.mark.parametrize("count", [3, 5, 10])
    def test_half_an_upload_unlists_nothing(self, ok, send, count):
        ok("products/", self.part(0, 1, 2, 3))
        response = send("feeds/", {"feed": "tuesday", "count": count})
        assert response.status_code == 409
        assert response.json()["found"] == '4 products that the feed "tuesday" named'
        assert response.json()["wanted"] == f"{count}, as this request says"
        assert len(keys(listed=True)) == 10

    def test_a_part_that_is_sent_twice_counts_once(self, ok):
        for _ in range(2):
            ok("products/", self.part(0, 1, 2, 3, 4, 5))
        assert ok("feeds/", {"feed": "tuesday", "count": 6})["unlisted"] == 4

    def test_a_name_that_was_used_before_does_not_pass_for_a_whole_feed(self, send, ok):
        ok("products/", self.part(0, 1, 2, 3, 4, 5, feed="monday"))
        assert send("feeds/", {"feed": "monday", "count": 6}).status_code == 409

    def test_more_than_half_goes_only_by_force(self, send, ok):
        ok("products/", self.part(0, 1, 2, 3))
        response = send("feeds/", {"feed": "tuesday", "count": 4})
        assert response.status_code == 409
        assert response.json()["found"] == '6 of 10 listed products that the feed "tuesday" does not name'
        assert len(keys(listed=True)) == 10
        assert ok("feeds/", {"feed": "tuesday", "count": 4, "force": True}) == {"listed": 4, "unlisted": 6}

    def test_half_goes_without(self, ok):
        ok("products/", self.part(0, 1, 2, 3, 4))
        assert ok("feeds/", {"feed": "tuesday", "count": 5}) == {"listed": 5, "unlisted": 5}

    def test_what_came_in_by_itself_meanwhile_stays(self, ok, frozen):
        ok("products/", self.part(0, 1, 2, 3, 4, 5))
        frozen(timedelta(minutes=1))
        ok("products/", {"products": [product("new")]})
        ok("feeds/", {"feed": "tuesday", "count": 6})
        assert keys(listed=True) == ["0", "1", "2", "3", "4", "5", "new"]

    @pytest.mark.parametrize("again", [{"feed": "tuesday"}, {}])
    def test_it_began_when_its_first_part_came_whatever_was_sent_again(self, ok, frozen, again):
        body = self.part(0, 1, 2, 3, 4, 5)
        ok("products/", body)
        frozen(timedelta(minutes=1))
        ok("products/", {"products": [product("new")]})
        frozen(timedelta(minutes=1))
        ok("products/", {"products": body["products"], **again})
        ok("feeds/", {"feed": "tuesday", "count": 6})
        assert keys(listed=True) == ["0", "1", "2", "3", "4", "5", "new"]

    @pytest.mark.parametrize("stale", [0, 1, 2])
    def test_it_began_when_its_first_part_came_though_that_was_stale(self, ok, frozen, stale):
        ok("products/", {"products": [product("0", updated="2026-03-01T12:59:00Z")]})
        frozen(timedelta(minutes=1))
        old = {"feed": "tuesday", "products": [product("0", updated="2026-03-01T12:00:00Z")]}
        ok("products/", old)
        frozen(timedelta(minutes=1))
        ok("products/", {"products": [product("new")]})
        for _ in range(stale):
            frozen(timedelta(minutes=1))
            ok("products/", old)
        ok("products/", self.part(1, 2, 3, 4, 5))
        ok("feeds/", {"feed": "tuesday", "count": 6})
        assert keys(listed=True) == ["0", "1", "2", "3", "4", "5", "new"]

    def test_a_product_that_is_told_by_its_variants_from_now_on_stays(self, ok):
        body = self.part(*range(1, 10))
        body["products"] += [product("0-red", item_group_id="0", price="9 GBP"), product("0-blue", item_group_id="0")]
        ok("products/", body)
        assert ok("feeds/", {"feed": "tuesday", "count": 11}) == {"listed": 11, "unlisted": 0}
        assert keys(listed=False) == []
        row = FeedItem.objects.get(key="0")
        assert (row.from_variants, row.title, row.price) == (True, "Product 0-blue", Decimal("2.50"))

    def test_a_catalogue_that_gains_variants_loses_nothing_and_needs_no_force(self, ok):
        variants = [product(f"{key}-{size}", item_group_id=str(key)) for key in range(10) for size in "ML"]
        ok("products/", {"feed": "tuesday", "products": variants})
        assert ok("feeds/", {"feed": "tuesday", "count": 20}) == {"listed": 20, "unlisted": 0}
        assert keys(group=None, listed=True) == [str(number) for number in range(10)]

    def test_a_product_whose_variants_were_taken_out_goes(self, ok):
        ok("products/", {"feed": "tuesday", "products": [product("0-red", item_group_id="0")]})
        ok("products/", self.part(*range(1, 10)))
        ok("products/0-red/", method="DELETE")
        assert ok("feeds/", {"feed": "tuesday", "count": 10}) == {"listed": 9, "unlisted": 1}
        assert keys(listed=False) == ["0", "0-red"]

    def test_a_product_whose_news_are_stale_is_named_all_the_same(self, ok, frozen):
        ok("products/", {"products": [product("0", updated="2026-03-01T12:59:00Z", title="Newer")]})
        frozen(timedelta(minutes=1))
        part = self.part(1, 2, 3, 4, 5)
        part["products"].append(product("0", updated="2026-03-01T12:00:00Z"))
        assert ok("products/", part) == {"accepted": 5, "stale": 1, "errors": []}
        ok("feeds/", {"feed": "tuesday", "count": 6})
        assert keys(listed=True) == ["0", "1", "2", "3", "4", "5"]
        assert FeedItem.objects.get(key="0").title == "Newer"

    def test_a_product_that_was_refused_is_not_named(self, ok):
        part = self.part(0, 1, 2, 3, 4)
        part["products"].append(product("5", price="free"))
        assert ok("products/", part)["accepted"] == 5
        assert ok("feeds/", {"feed": "tuesday", "count": 5})["unlisted"] == 5
        assert "5" not in keys(listed=True)

    def test_products_made_of_variants_go_with_them_and_are_not_counted(self, ok, frozen):
        variants = [product(key, item_group_id="mug") for key in ("red", "blue")]
        ok("products/", {"products": variants})
        frozen(timedelta(minutes=1))
        body = self.part(*range(10))
        ok("products/", body)
        assert ok("feeds/", {"feed": "tuesday", "count": 10}) == {"listed": 10, "unlisted": 2}
        assert keys(listed=False) == ["blue", "mug", "red"]

    @pytest.mark.parametrize("body", [
        {"feed": "tuesday"}, {"count": 1}, {"feed": "tuesday", "count": 0}, {"feed": "tuesday", "count": "10"},
        {"feed": "tuesday", "count": True}, {"feed": "tuesday", "count": 10, "force": "yes"}, {"feed": 1, "count": 10},
        {"feed": "", "count": 10}, {"feed": "tuesday", "count": 10, "forced": True},
    ])  # fmt: skip
    def test_an_end_that_cannot_be_understood_unlists_nothing(self, send, body):
        response = send("feeds/", body)
        assert (response.status_code, set(response.json())) == (400, {"found", "wanted", "do"})
        assert len(keys(listed=True)) == 10


def test_the_status_counts_what_was_sent(ok):
    ok("products/", {"products": [product("1"), product("2"), product("red", item_group_id="mug")]})
    ok("products/1/", method="DELETE")
    ok("orders/", {"orders": [order("A", "1", "2"), order("B", "red")]})
    assert ok("status/", method="GET") == {"products": {"listed": 2, "unlisted": 1}, "orders": 2, "lines": 3}


def test_a_thousand_products_cost_a_fixed_number_of_queries(ok, django_assert_max_num_queries):
    batch = [product(str(number), item_group_id=f"g{number // 4}") for number in range(1000)]
    with django_assert_max_num_queries(40):
        ok("products/", {"products": batch})
    assert (OWN.count(), FeedItem.objects.count()) == (1000, 1250)


@pytest.mark.django_db(transaction=True)
@several_writers
def test_a_product_that_comes_while_its_variant_does_is_not_replaced_by_a_stand_in():
    mug, red = product("mug", title="The mug"), product("red", item_group_id="mug")
    during(lambda: products.take([mug], feed=""), lambda: products.take([red], feed=""))
    row = FeedItem.objects.get(key="mug")
    assert (row.from_variants, row.title, keys(group="mug")) == (False, "The mug", ["red"])
