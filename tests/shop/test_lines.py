import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from django_personalize.core.tally import Tally
from django_personalize.shop import counts
from django_personalize.shop import lines as module
from django_personalize.shop.mapping import MappedShop
from tests import shops
from tests.processes import ROOT
from tests.shop.odd.models import (
    Boot,
    CartOrder,
    Crate,
    Cut,
    Delivery,
    OrderedBoot,
    Payment,
    Sale,
    SaleLine,
    Shirt,
    Shop,
    Tile,
    TileLine,
)

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
BOOTS = {"model": "odd.Boot", "group": "parent"}
LINES = {
    "model": "odd.SaleLine",
    "item": "boot_id",
    "order": "sale__number",
    "date": "sale__placed_at",
    "qty": "qty",
    "price": "price",
    "list_price": "list_price",
    "user": "sale__user_id",
    "scope": "sale__shop",
    "placed": Q(sale__complete=True),
    "cancelled_qty": "returned",
}


@pytest.fixture
def shop(mapped):
    return mapped(PRODUCT=BOOTS, ORDER_LINES=LINES)


def boot(slug="tall", parent=None):
    return Boot._base_manager.create(slug=slug, parent=parent)


def sale(number="A", **changes):
    return Sale.objects.create(number=number, **({"placed_at": DAY} | changes))


def sold(of=None, thing=None, qty=1, **changes):
    return SaleLine.objects.create(sale=of or sale(), boot=thing or boot(), qty=qty, **({"price": "5"} | changes))


def counted(shop, **asked):
    tally = Tally()
    found = list(shop.lines(tally=tally, **asked))
    return found, dict(tally.counts), tally.samples


def test_a_line_of_a_variant_is_shown_as_its_parent_and_remembers_it(shop):
    child = boot("tall-42", parent := boot())
    sold(order := sale(), parent), sold(order, child)
    found, counts, _ = counted(shop)
    assert [(line.item_key, line.variant_key) for line in found] == [
        (str(parent.pk), ""), (str(parent.pk), str(child.pk))
    ]  # fmt: skip
    assert counts == {}


def test_a_line_of_a_separate_variant_names_both(mapped):
    shop = mapped(
        PRODUCT={"model": "odd.Shirt", "variant": "odd.Cut", "group": "shirt"},
        ORDER_LINES={**LINES, "item": "cut__shirt_id", "variant": "cut_id"},
    )
    cut = Cut.objects.create(shirt=Shirt.objects.create(name="Polo", slug="polo"), size="S")
    SaleLine.objects.create(sale=sale(), cut=cut, qty=1)
    [line] = shop.lines()
    assert (line.item_key, line.variant_key) == (str(cut.shirt_id), str(cut.pk))
    cut.delete()
    [line], counts, _ = counted(shop)
    assert (line.item_key, line.variant_key, counts) == ("", "", {"product_gone": 1})


def test_a_line_whose_product_is_gone_is_kept_and_counted(shop):
    gone = sold()
    Boot._base_manager.filter(pk=gone.boot_id).delete()
    without = SaleLine.objects.create(sale=gone.sale, qty=1)
    found, counts, samples = counted(shop)
    assert [(line.key, line.item_key) for line in found] == [
        (str(gone.pk), str(gone.boot_id)), (str(without.pk), "")
    ]  # fmt: skip
    assert (counts, samples) == ({"product_gone": 2}, {"product_gone": str(gone.pk)})


def test_lines_that_keep_a_products_code_are_read_as_the_documentation_says(settings):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "shop.md").read_text(), re.S)
    [code] = [block for block in blocks if "CodeShop" in block]
    for theirs, ours in (
        ("from shop.models import Product", "from tests.shop.odd.models import Shirt as Product"),
        ("shop.Product", "odd.Shirt"),
        ("shop.Line", "odd.TileLine"),
        ("filter(code=", "filter(slug="),
        ("product_code", "tile"),
    ):
        assert theirs in code
        code = code.replace(theirs, ours)
    settings.PERSONALIZE = {}
    made = {}
    exec(code, made)
    shop = made["CodeShop"]()
    polo = Shirt.objects.create(name="Polo", slug="P-1")
    for position, kept in enumerate(("P-1", "P-2")):
        TileLine.objects.create(pk=("A", position), tile=kept, date=date(2026, 1, 5))
    found, counts, _ = counted(shop)
    assert [line.item_key for line in found] == [str(polo.pk), ""]
    assert (counts, list(shop.check())) == ({"product_gone": 1}, [])


def test_a_line_whose_product_was_only_hidden_is_a_line_like_any_other(shop):
    line = sold()
    Boot._base_manager.filter(pk=line.boot_id).update(deleted=True)
    assert counted(shop)[1] == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"of": {"number": ""}}, "line_without_order"),
        ({"of": {"placed_at": None}}, "line_without_date"),
        ({"of": {"number": "x" * 65}}, "key_too_long"),
        ({"qty": 0}, "line_without_quantity"),
        ({"qty": None}, "line_without_quantity"),
        ({"qty": -2}, "line_without_quantity"),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_and_counted(shop, changes, reason):
    made = sold(sale(**changes.pop("of", {})), **changes)
    found, counts, samples = counted(shop)
    assert (found, counts, samples) == ([], {reason: 1}, {reason: str(made.pk)})
    assert shop.count_lines() == 1


@pytest.mark.parametrize(("qty", "quantity"), [(Decimal("0.25"), 1), (Decimal("2.5"), 2), (Decimal(3), 3)])
def test_a_part_of_a_piece_is_a_piece(shop, qty, quantity):
    sold(qty=qty)
    assert [line.quantity for line in shop.lines()] == [quantity]


@pytest.mark.parametrize(
    ("price", "read", "counts"),
    [("4.50", "4.50", {}), ("", None, {}), ("free", None, {"price_not_a_number": 1})],
)
def test_a_price_that_is_no_number_is_unknown_and_counted(shop, price, read, counts):
    sold(price=price)
    [line], found, _ = counted(shop)
    assert (line.price, found) == (read and Decimal(read), counts)


@pytest.mark.parametrize(("before", "listed"), [(6.5, "6.5"), (5.0, None), (None, None)])
def test_a_list_price_counts_where_the_line_was_reduced(shop, before, listed):
    sold(price="5", list_price=before)
    assert [line.list_price for line in shop.lines()] == [listed and Decimal(listed)]


@pytest.mark.parametrize(
    ("returned", "back", "counts"),
    [
        (None, 0, {}), (0, 0, {}), (2, 2, {}), (3, 3, {}),
        (4, 3, {"returned_quantity_out_of_range": 1}), (-1, 0, {"returned_quantity_out_of_range": 1}),
    ],
)  # fmt: skip
def test_no_more_comes_back_than_was_bought(shop, returned, back, counts):
    sold(qty=3, returned=returned)
    [line], found, _ = counted(shop)
    assert (line.cancelled_quantity, found) == (back, counts)


def test_user_and_scope(shop):
    leo = User.objects.create(username="leo")
    sold(sale("A", user=leo, shop=Shop.objects.create(name="west")))
    sold(sale("B"))
    assert [(line.user_key, line.scope) for line in shop.lines()] == [(str(leo.pk), "west"), ("", "")]


def test_what_is_said_of_a_line_beside_its_keys_is_left_out_where_it_is_too_long(mapped):
    shop = mapped(PRODUCT=BOOTS, ORDER_LINES={**LINES, "variant": Value("x" * 65), "scope": Value("y" * 33)})
    sold()
    [line], counts, _ = counted(shop)
    assert (line.variant_key, line.scope, counts) == ("", "", {"key_too_long": 2})


# Which lines


def test_all_lines_of_given_orders_come_with_whether_they_count(shop, django_assert_num_queries):
    thing = boot()
    for number, complete in (("A", True), ("B", False), ("C", True)):
        sold(sale(number, complete=complete), thing)
    with django_assert_num_queries(2):
        found = list(shop.lines(order_keys=["A", "B", "no such", ""]))
    assert [(line.order_key, line.sold) for line in found] == [("A", True), ("B", False)]
    assert [line.order_key for line in shop.lines()] == ["A", "C"]
    with django_assert_num_queries(0):
        assert list(shop.lines(order_keys=[])) == []


def test_an_order_key_that_can_be_none_is_no_order(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT=BOOTS, ORDER_LINES={**LINES, "order": "sale_id"})
    made = sold()
    with django_assert_num_queries(0):
        assert list(shop.lines(order_keys=["x", "1.5", "9" * 40, "\x00"])) == []
    assert [line.order_key for line in shop.lines(order_keys=[str(made.sale_id), "x"])] == [str(made.sale_id)]


def test_lines_since_a_moment(shop):
    for number in range(3):
        sold(sale(f"A{number}", placed_at=DAY + timedelta(days=number)))
    since = DAY + timedelta(days=1)
    assert [line.order_key for line in shop.lines(since=since)] == ["A1", "A2"]
    assert shop.count_lines(since=since) == 2


def test_a_bare_date_counts_from_its_day_on(mapped):
    shop = mapped(
        PRODUCT={"model": "odd.Tile"},
        ORDER_LINES={"model": "odd.TileLine", "item": "tile", "order": "order_number", "date": "date"},
    )
    for position, day in enumerate((date(2026, 1, 4), date(2026, 1, 5), None)):
        TileLine.objects.create(order_number="A", position=position, tile="a,1", date=day)
    assert [line.placed_at for line in shop.lines(since=DAY)] == [datetime(2026, 1, 5, tzinfo=UTC)]
    assert counted(shop)[1] == {"line_without_date": 1, "product_gone": 2}


# Keys and pages


@pytest.mark.parametrize("page", [1, 2, 3, 50])
def test_lines_with_keys_of_several_columns_are_read_page_by_page(mapped, monkeypatch, page):
    monkeypatch.setattr(module, "PAGE", page)
    shop = mapped(
        PRODUCT={"model": "odd.Tile"},
        ORDER_LINES={"model": "odd.TileLine", "item": "tile", "order": "order_number", "date": "date"},
    )
    Tile.objects.create(series="a", number=1)
    keys = [("A", 1), ("A", 2), ("B", 1), ("B,C", 1)]
    for order, position in reversed(keys):
        TileLine.objects.create(order_number=order, position=position, tile="a,1", date=DAY.date())
    found, counts, _ = counted(shop)
    assert [line.key for line in found] == ["A,1", "A,2", "B,1", "B%2CC,1"]
    assert ({line.item_key for line in found}, counts) == ({"a,1"}, {})


def test_products_are_asked_about_once_for_all_pages(shop, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(module, "PAGE", 2)
    parent = boot()
    child = boot("tall-42", parent)
    order = sale()
    for thing in (parent, child, child, parent, child):
        sold(order, thing)
    with django_assert_num_queries(4):  # three pages, and the products of the first
        assert len(list(shop.lines())) == 5


def test_no_product_is_asked_about_where_the_database_keeps_them_together(mapped, django_assert_num_queries):
    shop = mapped(PRODUCT={"model": "odd.Shirt"}, ORDER_LINES={**LINES, "item": "shirt_id"})
    SaleLine.objects.create(sale=sale(), shirt=Shirt.objects.create(name="Polo", slug="polo"), qty=1)
    with django_assert_num_queries(1):
        assert counted(shop)[1] == {}


def test_a_key_of_several_columns_may_be_named_by_them(mapped, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 1)
    shop = mapped(
        PRODUCT={"model": "odd.Tile"},
        ORDER_LINES={**LINES, "item": ("sale__number", "returned"), "cancelled_qty": None},
    )
    Tile.objects.create(series="A", number=7)
    for returned in (7, 8, None):
        sold(Sale.objects.first() or sale(), returned=returned)
    found, counts, _ = counted(shop)
    assert ([line.item_key for line in found], counts) == (["A,7", "A,8", ""], {"product_gone": 2})


def test_a_foreign_key_to_another_column_gives_the_primary_key(mapped):
    shop = mapped(PRODUCT={"model": "odd.Shop"}, ORDER_LINES={**LINES, "item": "sale__shop_id", "order": "sale"})
    west = Shop.objects.create(name="west")
    made = sold(sale(shop=west))
    [line], counts, _ = counted(shop)
    assert (line.item_key, line.order_key, counts) == (str(west.pk), str(made.sale_id), {})


def test_expressions_are_read_like_paths(mapped):
    shop = mapped(
        PRODUCT=BOOTS,
        ORDER_LINES={
            **LINES, "order": Concat(Value("S-"), "sale__number"), "qty": F("qty") * 2,
            "item": Cast("boot_id", CharField()),
        },
    )  # fmt: skip
    made = sold(qty=2)
    [line] = shop.lines(order_keys=["S-A"])
    assert (line.order_key, line.quantity, line.item_key) == ("S-A", 4, str(made.boot_id))


# Lines in odd places

CART_ORDERS = {
    "model": "odd.OrderedBoot",
    "item": "boot_id",
    "order": "cartorder__pk",
    "date": "cartorder__placed_at",
    "qty": "quantity",
    "placed": Q(cartorder__ordered=True),
    "cancelled": Q(cartorder__refunded=True),
}


def test_an_order_that_points_at_its_lines(mapped):
    shop = mapped(PRODUCT=BOOTS, ORDER_LINES=CART_ORDERS)
    line = OrderedBoot.objects.create(boot=boot(), quantity=2)
    OrderedBoot.objects.create(boot=boot())  # in no order yet
    order = CartOrder.objects.create(placed_at=DAY)
    order.lines.add(line)
    assert list(shop.lines()) == []
    [unsold] = shop.lines(order_keys=[str(order.pk)])
    assert (unsold.key, unsold.sold, unsold.cancelled_quantity) == (str(line.pk), False, 0)
    CartOrder.objects.update(ordered=True, refunded=True)
    [found], reasons, _ = counted(shop)
    assert (found.order_key, found.sold, found.cancelled_quantity, reasons) == (str(order.pk), True, 2, {})


@pytest.mark.parametrize("page", [1, 2, 50])
def test_a_line_in_several_orders_is_told_apart_by_each(mapped, monkeypatch, page):
    monkeypatch.setattr(module, "PAGE", page)
    shop = mapped(PRODUCT=BOOTS, ORDER_LINES=CART_ORDERS)
    lines = [OrderedBoot.objects.create(boot=boot()) for _ in range(2)]
    orders = [CartOrder.objects.create(placed_at=DAY, ordered=number != 1, refunded=number == 2) for number in range(3)]
    for order in orders:
        order.lines.add(*lines)
    found = [(line.key, line.order_key, line.cancelled_quantity) for line in shop.lines()]
    assert found == [(str(line.pk), str(orders[at].pk), back) for line in lines for at, back in ((0, 0), (2, 1))]
    assert shop.count_lines() == 4
    assert [line.sold for line in shop.lines(order_keys=[str(orders[1].pk), str(orders[2].pk)])] == [False, True] * 2


@pytest.mark.parametrize("placed", [Q(cartorder__ordered=True), ~Q(cartorder__refunded=True)])
def test_orders_are_counted_as_their_lines_are_read(mapped, placed):
    shop = mapped(PRODUCT=BOOTS, ORDER_LINES={**CART_ORDERS, "placed": placed})
    line = OrderedBoot.objects.create(boot=boot())
    for number in range(3):
        made = CartOrder.objects.create(
            placed_at=DAY + timedelta(days=number), ordered=number != 1, refunded=number == 1
        )
        made.lines.add(line)
    for since, orders in ((None, 2), (DAY + timedelta(days=1), 1), (DAY + timedelta(days=3), 0)):
        assert len({line.order_key for line in shop.lines(since=since)}) == orders
        assert counts.sold(shop, since=since).orders == orders


def test_what_an_order_has_several_of_does_not_repeat_its_lines(mapped):
    shop = mapped(
        PRODUCT=BOOTS,
        ORDER_LINES={**LINES, "placed": Q(sale__payments__paid=True), "cancelled": Q(sale__payments__paid=False)},
    )
    sold(order := sale(), qty=2)
    assert list(shop.lines()) == []
    for paid in (True, True, False):
        Payment.objects.create(sale=order, paid=paid)
    [line] = shop.lines()
    assert (line.quantity, line.cancelled_quantity, shop.count_lines()) == (2, 2, 1)


def test_a_value_over_many_rows_is_read_once_per_line(mapped):
    shop = mapped(PRODUCT=BOOTS, ORDER_LINES={**LINES, "currency": "sale__payments__paid"})
    sold(order := sale())
    for paid in (True, False):
        Payment.objects.create(sale=order, paid=paid)
    assert (len(list(shop.lines())), shop.count_lines()) == (1, 1)


def test_the_rows_of_a_many_to_many_are_lines_of_one_piece(mapped):
    shop = mapped(
        PRODUCT=BOOTS,
        ORDER_LINES={
            "model": "odd.Crate_boots", "item": "boot_id", "order": "crate__delivery__number",
            "date": "crate__delivery__day",
        },
    )  # fmt: skip
    crate = Crate.objects.create()
    crate.boots.add(boot(), boot())
    Delivery.objects.create(crate=crate, number="D-1", day=DAY.date())
    Crate.objects.create().boots.add(boot())  # not delivered
    found, counts, _ = counted(shop)
    assert [(line.order_key, line.quantity) for line in found] == [("D-1", 1), ("D-1", 1)]
    assert counts == {"line_without_order": 1}


def test_what_a_cart_lacks_is_nothing_to_put_right(settings):
    """In a shop whose cart is an unfinished order, what is no sale yet has no date yet."""
    shops.bought(shops.order("A-1"), shops.product("Lantern"))
    lines = {**settings.PERSONALIZE["ORDER_LINES"], "date": "order__cancelled_at", "placed": Q(order__number="B-2")}
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ORDER_LINES": lines}
    tally = Tally()
    assert list(MappedShop().lines(order_keys=["A-1"], tally=tally)) == []
    assert not tally
