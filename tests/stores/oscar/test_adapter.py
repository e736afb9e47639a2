"""The adapter against oscar's own tables, managers and strategies."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oscar.apps.partner import strategy
from oscar.core.loading import get_model

from django_personalize.core.tally import Tally
from django_personalize.integrations.oscar import OscarShop, means_cancelled
from django_personalize.testing.contracts import ShopContract
from django_personalize.testing.override import override_personalize
from tests.stores.oscar.fill import EventHandler, Line, Order, Product, StockRecord, line

ATTRIBUTES = {"brand": "attr__brand", "attributes": {"weight": "attr__weight"}}


def request_of(way: type[strategy.Base] = strategy.Default):
    request = RequestFactory().get("/")
    request.strategy = way()
    return request


def item_of(upc, request=None):
    pk = str(Product.objects.get(upc=upc).pk)
    return OscarShop().items([pk], request=request)[pk]


def order(*lines, **changes):
    values = {"number": "900001", "currency": "GBP", "total_incl_tax": 0, "total_excl_tax": 0, "status": "Pending"}
    made = Order.objects.create(**(values | changes))
    for each in lines:
        each.order = made
        each.save()
    return made


def lines_of(made):
    return list(OscarShop().lines(order_keys=[made.number]))


class TestOscarShop(ShopContract):
    @pytest.fixture
    def shop(self):
        return OscarShop()

    @pytest.fixture
    def sellable(self, product):
        return str(product("Pots-0").pk)

    @pytest.fixture
    def sold_out(self, product):
        return str(product("Pots-8").pk)


def test_an_item_says_what_oscars_own_page_says(client, product):
    item = item_of("Pots-3")
    page = client.get(item.url)
    assert page.status_code == 200
    assert (item.title, item.price, item.currency, item.category) == ("Pot no. 3", Decimal("13.00"), "GBP", "Pots")
    assert "£13.00" in page.content.decode()
    assert client.get(item.category_url).context["category"].name == "Pots"
    assert item.image == product("Pots-3").primary_image().original.url
    assert (item.stock, item.brand, item.list_price) == (50, "", None)


def test_a_parent_shows_the_price_that_oscar_shows_and_counts_its_childrens_stock(client):
    item = item_of("Shirts-0")
    assert f"£{item.price}" in client.get(item.url).content.decode()
    assert item.stock == 150


def test_what_is_not_tracked_has_no_count_and_what_has_no_image_has_no_url():
    item = item_of("card-1")
    assert (item.stock, item.image, item.price) == (None, "", Decimal("50.00"))


@pytest.mark.parametrize(
    ("way", "price"),
    [(strategy.Default, "10.00"), (strategy.UK, "12.00"), (strategy.US, "10.00")],
    ids=["no tax", "tax included", "tax not known yet"],
)
def test_a_price_is_what_the_strategy_of_the_request_tells_whoever_asks(way, price):
    assert item_of("Pots-0", request_of(way)).price == Decimal(price)


class Members(strategy.Default):
    """Sells to members what is sold out for others, and nothing that costs more than eleven."""

    def availability_policy(self, product, stockrecord):
        return strategy.Available() if stockrecord and stockrecord.price <= 11 else strategy.Unavailable()


def test_what_can_be_sold_is_what_the_strategy_of_the_request_would_sell(product):
    StockRecord.objects.filter(product__upc="Pots-8").update(price=9)
    keys = {upc: str(product(upc).pk) for upc in ("Pots-8", "Pots-1", "Pots-2")}
    asked = list(keys.values())
    assert OscarShop().sellable(asked) == [keys["Pots-1"], keys["Pots-2"]]
    assert OscarShop().sellable(asked, request=request_of(Members)) == [keys["Pots-8"], keys["Pots-1"]]
    assert set(OscarShop().items(asked, request=request_of(Members))) == {keys["Pots-8"], keys["Pots-1"]}


class Broken(strategy.Default):
    def pricing_policy(self, product, stockrecord):
        if product.upc == "Pots-1":
            raise ValueError("no price list")
        return super().pricing_policy(product, stockrecord)


def test_a_product_that_the_strategy_cannot_price_does_not_take_the_others_with_it(product, caplog):
    keys = [str(product(upc).pk) for upc in ("Pots-1", "Pots-2")]
    assert OscarShop().sellable(keys, request=request_of(Broken)) == keys[1:]
    assert [record.reason for record in caplog.records] == ["strategy_failed: ValueError('no price list')"]


@pytest.mark.parametrize(
    "upc", ["Pots-8", "Bowls-8", "Seeds-8", "Pots-9", "Shirts-9", "Shirts-0-0"],
    ids=["sold out", "all allocated", "no stock record", "not public", "every child sold out", "a child"],
)  # fmt: skip
def test_what_nobody_can_buy_or_has_no_place_of_its_own_is_not_shown(product, upc):
    assert OscarShop().items([str(product(upc).pk)]) == {}


def test_a_parent_is_shown_while_one_of_its_public_children_can_be_bought(product):
    key = str(product("Shirts-8").pk)
    assert set(OscarShop().items([key])) == {key}
    StockRecord.objects.filter(product__upc__in=["Shirts-8-1", "Shirts-8-2"]).update(num_in_stock=0)
    assert OscarShop().items([key]) == {}  # the third is in stock, but not public


def test_a_child_stands_for_its_parent(product):
    shop, parent, child = OscarShop(), product("Shirts-0"), product("Shirts-0-1")
    assert (shop.item_key(child), shop.variant_key(child)) == (str(parent.pk), str(child.pk))
    assert (shop.item_key(parent), shop.variant_key(parent)) == (str(parent.pk), "")
    keys = [str(child.pk), str(parent.pk)]
    assert shop.group_of([*keys, "0"]) == dict.fromkeys(keys, str(parent.pk))


def test_facts_name_parents_and_products_of_their_own_and_the_category_of_their_page(product):
    facts = {key: (category, brand) for key, category, brand, *_ in OscarShop().facts()}
    assert len(facts) == Product.objects.filter(parent=None).count()
    assert facts[str(product("Shirts-0").pk)] == ("Shirts", "")
    assert all(facts[key][0] == item.category for key, item in OscarShop().items(list(facts)).items())


def test_the_newest_are_found_behind_any_number_of_sold_out_ones(product):
    kind = product("Pots-0").product_class
    Product.objects.bulk_create(
        Product(title=f"Sold out no. {n}", slug=f"sold-out-{n}", product_class=kind, structure="standalone")
        for n in range(60)
    )
    newest = OscarShop().newest(2)
    assert [item.title for item in newest] == ["Gift card no. 1", "Gift card no. 0"]


def test_attributes_are_read_by_their_codes(product):
    kind = product("Pots-0").product_class
    kind.attributes.create(code="brand", name="Brand", type="text")
    kind.attributes.create(code="weight", name="Weight", type="integer")
    pot = product("Pots-0")
    pot.attr.brand, pot.attr.weight = "Ironworks", 1200
    pot.save()
    with override_personalize(PRODUCT=ATTRIBUTES):
        item = item_of("Pots-0")
        brands = {key: brand for key, _, brand, *_ in OscarShop().facts() if brand}
    assert (item.brand, item.attributes) == ("Ironworks", {"weight": "1200"})
    assert brands == {item.key: "Ironworks"}


@pytest.mark.parametrize("n", [1, 8, 50])
def test_cards_cost_the_same_few_queries_however_many_there_are(product, n):
    shop, request = OscarShop(), request_of()
    keys = [str(pk) for pk in Product.objects.filter(parent=None).values_list("pk", flat=True)]
    keys = [str(product("Shirts-0").pk), *shop.sellable(keys)]
    shop.items(keys)  # the categories' addresses are known from here on

    def count(ask):
        with CaptureQueriesContext(connection) as queries:
            ask()
        return len(queries)

    assert count(lambda: shop.items(keys[:n], request=request)) == 4
    assert count(lambda: OscarShop().items(keys[:n], request=request)) == 6
    assert count(lambda: shop.sellable(keys[:n], request=request)) == 3
    assert count(lambda: shop.group_of(keys[:n])) == 1


# What was sold, and what came back of it.


def test_a_line_says_what_was_paid_per_piece_and_what_it_would_have_been(product):
    given = line(None, product("Shirts-1-2"), 4)
    given.line_price_incl_tax, given.line_price_before_discounts_incl_tax = Decimal("45.00"), Decimal("60.00")
    [found] = lines_of(order(given, currency="EUR"))
    assert (found.price, found.list_price, found.currency) == (Decimal("11.25"), Decimal("15"), "EUR")
    assert (found.item_key, found.variant_key) == (str(product("Shirts-1").pk), str(product("Shirts-1-2").pk))
    assert (found.quantity, found.cancelled_quantity, found.user_key) == (4, 0, "")


def test_a_line_whose_product_is_gone_is_read_and_counted_by_name():
    tally, gone = Tally(), Line.objects.filter(product=None)
    lines = {found.key: found for found in OscarShop().lines(tally=tally)}
    assert tally.counts == {"product_gone": gone.count()}
    assert {lines[str(pk)].item_key for pk in gone.values_list("pk", flat=True)} == {""}


def test_a_cancelled_order_gives_everything_back_on_the_day_of_the_change(product):
    made = order(line(None, product("Pots-0"), 2), line(None, product("Pots-1"), 3), number="900002")
    made.set_status("Being processed")
    assert [found.cancelled_quantity for found in lines_of(made)] == [0, 0]
    made.set_status("Cancelled")
    then = timezone.now() - timedelta(days=3)
    made.status_changes.filter(new_status="Cancelled").update(date_created=then)
    assert [found.cancelled_quantity for found in lines_of(made)] == [2, 3]
    assert {found.cancelled_at for found in lines_of(made)} == {then}


def test_a_cancelled_line_gives_only_itself_back(product):
    first, second = line(None, product("Pots-0"), 2), line(None, product("Pots-1"), 3)
    made = order(first, second)
    first.set_status("Cancelled")
    assert [found.cancelled_quantity for found in lines_of(made)] == [2, 0]


def test_pieces_that_came_back_and_were_refunded_are_counted_once(product):
    given = line(None, product("Pots-0"), 5)
    made, handler = order(given), EventHandler()
    [returned] = get_model("order", "ShippingEventType").objects.filter(code="returned")
    refunded = get_model("order", "PaymentEventType").objects.create(name="Refunded")
    shipped = get_model("order", "ShippingEventType").objects.create(name="Shipped")
    handler.handle_shipping_event(made, shipped, [given], [5])
    assert lines_of(made)[0].cancelled_quantity == 0
    handler.handle_shipping_event(made, returned, [given], [2])
    handler.handle_payment_event(made, refunded, Decimal("20.00"), [given], [2])
    [found] = lines_of(made)
    assert found.cancelled_quantity == 2
    assert found.cancelled_at is not None
    handler.handle_payment_event(made, refunded, Decimal("10.00"), [given], [1])
    assert lines_of(made)[0].cancelled_quantity == 3


@pytest.mark.parametrize("status", ["Cancelled", "canceled", "Refunded", "Fully refunded", "Cancelled by customer"])
def test_statuses_that_mean_that_everything_came_back(status):
    assert means_cancelled(status)


@pytest.mark.parametrize("status", ["Pending", "Partially refunded", "To be refunded", "Cancellation requested", ""])
def test_statuses_that_do_not(status):
    assert not means_cancelled(status)


def test_a_stores_own_words_are_said_in_a_subclass_or_in_the_settings(product):
    from django.db.models import Q

    class Shop(OscarShop):
        cancelled_statuses = ("Storniert",)

    order(line(None, product("Pots-0"), 2), status="Storniert")
    given = {"cancelled": Q(order__status="Storniert"), "placed": ~Q(order__status="Unpaid")}
    assert next(iter(Shop().lines(order_keys=["900001"]))).cancelled_quantity == 2
    with override_personalize(ORDER_LINES=given):
        assert next(iter(OscarShop().lines(order_keys=["900001"]))).cancelled_quantity == 2
    assert next(iter(OscarShop().lines(order_keys=["900001"]))).cancelled_quantity == 0


def test_a_store_of_several_sites_knows_each_orders_own(product):
    order(line(None, product("Pots-0"), 1), site_id=1)
    with override_personalize(SCOPE="site"):
        shop = OscarShop()
        assert [found.scope for found in shop.lines(order_keys=["900001"])] == ["1"]
        assert shop.scope(request_of()) == "1"
    assert [found.scope for found in OscarShop().lines(order_keys=["900001"])] == [""]


def test_what_is_watched_leads_to_the_order_without_a_query(product):
    shop, given = OscarShop(), line(None, product("Pots-0"), 5)
    made = order(given)
    [returned] = get_model("order", "ShippingEventType").objects.filter(code="returned")
    event = EventHandler().handle_shipping_event(made, returned, [given], [2])
    quantity = event.line_quantities.get()
    watched = {each.model._meta.label: each for each in shop.watched()}
    assert sorted(name for name, each in watched.items() if each.cart) == ["basket.Basket", "basket.Line"]
    for row in (made, given, quantity):
        with CaptureQueriesContext(connection) as queries:
            reference = watched[row._meta.label].refer(type(row).objects.get(pk=row.pk), False)
        assert len(queries) == 1  # the row itself
        assert shop.orders_of([reference]) == {made.number}
