from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db.models import Q, Value
from django.db.models.functions import Concat

from django_personalize.core.types import Reference
from tests.shop.odd.models import (
    CartOrder,
    Crate,
    Delivery,
    ExpressDelivery,
    OrderedBoot,
    Parcel,
    Payment,
    Sale,
    SaleLine,
    Scan,
)
from tests.shop.test_lines import BOOTS, CART_ORDERS, DAY, LINES, boot, sale, sold

pytestmark = pytest.mark.django_db

CRATES = {
    "model": "odd.Crate_boots",
    "item": "boot_id",
    "order": "crate__delivery__number",
    "date": "crate__delivery__day",
}


@pytest.fixture
def watch(mapped, django_assert_num_queries):
    """Describe order lines; the value asks what a row's change says, and which orders that is."""

    def describe(lines=LINES, **line):
        shop = mapped(PRODUCT=BOOTS, ORDER_LINES={**lines, **line})
        refers = {each.model: each.refer for each in shop.watched()}

        def ask(row, created=False):
            with django_assert_num_queries(0):
                return refers[type(row)](row, created)

        ask.models = set(refers)
        ask.shop = shop
        return ask

    return describe


def test_a_line_and_its_order_are_watched(watch):
    ask = watch(order="sale_id")
    assert ask.models == {SaleLine, Sale}
    line = sold()
    key = str(line.sale_id)
    assert ask(line, created=True) == Reference("", key, False)
    new = ask(line.sale, created=True)
    assert new == Reference("sale", line.sale_id, True)
    assert ask.shop.orders_of([new]) == {key}
    assert ask(line.sale) == Reference("", key, False)
    assert ask(SaleLine(sale=None, boot=line.boot)) is None


@pytest.mark.parametrize("order", ["sale", "sale_id", "sale__pk", "sale__id"])
def test_the_order_may_be_named_by_its_key_in_any_way(watch, order):
    ask = watch(order=order)
    line = sold()
    assert ask(line) == ask(line.sale) == Reference("", str(line.sale_id))


def test_an_order_known_by_its_number_is_told_without_a_query(watch, django_assert_num_queries):
    ask = watch()
    line = sold(sale("A-7"))
    assert ask(line) == Reference("", "A-7")  # the order is in hand
    alone = SaleLine.objects.get()
    assert ask(alone) == Reference("sale", line.sale_id)
    assert ask(SaleLine.objects.defer("sale").get()) == Reference("pk", line.pk)
    assert ask(Sale.objects.get()) == Reference("", "A-7")
    assert ask(Sale.objects.defer("number").get(), created=True) == Reference("sale", line.sale_id, True)
    references = [Reference("", "B"), Reference("sale", line.sale_id), Reference("pk", line.pk)]
    with django_assert_num_queries(2):
        assert ask.shop.orders_of(references) == {"A-7", "B"}
    with django_assert_num_queries(0):
        assert ask.shop.orders_of([Reference("", "B")]) == {"B"}


def test_an_order_whose_number_comes_later_is_found_by_its_row(watch):
    ask = watch()
    order = Sale.objects.create(number="")
    reference = ask(order, created=True)
    Sale.objects.update(number="A-9")
    assert reference == Reference("sale", order.pk, True)
    assert ask.shop.orders_of([reference]) == {"A-9"}


def test_what_was_deleted_still_says_which_order_it_was_of(watch):
    ask = watch()
    line = sold(sale("A-7"))
    line.delete()
    assert ask.shop.orders_of([ask(line)]) == {"A-7"}
    alone = SaleLine.objects.get(pk=sold(sale("A-8")).pk)
    pk = alone.sale_id
    alone.delete()
    assert ask.shop.orders_of([ask(alone)]) == {"A-8"}  # the order is there, with no line left
    order = Sale.objects.get(pk=pk)
    order.delete()
    assert ask(order) == Reference("", "A-8")


def test_rows_that_hang_on_an_order_by_its_conditions_are_watched(watch):
    ask = watch(placed=Q(sale__payments__paid=True), cancelled=Q(sale__user__is_active=False))
    assert ask.models == {SaleLine, Sale, Payment}
    payment = Payment.objects.create(sale=sale("A-7"))
    assert ask(payment, created=True) == Reference("", "A-7", False)
    assert ask(Payment.objects.get()) == Reference("sale", payment.sale_id)
    assert User not in ask.models


def test_further_models_are_watched_by_name(watch):
    ask = watch(also_watch=[("odd.Payment", "sale_id"), ("odd.Parcel", "payment__sale"), ("odd.Scan", "number")])
    assert ask.models == {SaleLine, Sale, Payment, Parcel, Scan}
    payment = Payment.objects.create(sale=sale("A-7"))
    parcel = Parcel.objects.create(payment=payment)
    assert ask(parcel) == Reference("", "A-7")  # payment and order are in hand
    assert ask(Payment.objects.get()) == Reference("sale", payment.sale_id)
    later = ask(Parcel.objects.get())
    assert later == Reference("odd.Payment:sale__number", payment.pk)
    assert ask(Scan(number="A-9")) == Reference("", "A-9")
    assert ask.shop.orders_of([later, ask(Scan(number="A-9"))]) == {"A-7", "A-9"}


def test_an_order_that_points_at_its_lines_is_found_through_either(watch):
    ask = watch(CART_ORDERS)
    assert ask.models == {OrderedBoot, CartOrder}
    line, order = OrderedBoot.objects.create(boot=boot()), CartOrder.objects.create(placed_at=DAY)
    assert ask(order) == Reference("", str(order.pk))
    assert ask(line, created=True) == Reference("pk", line.pk, False)
    assert ask.shop.orders_of([ask(line)]) == set()
    order.lines.add(line)
    assert ask.shop.orders_of([ask(line)]) == {str(order.pk)}


def test_every_model_between_a_line_and_its_order_is_watched_with_its_proxies(watch):
    ask = watch(CRATES)
    assert ask.models == {Crate.boots.through, Crate, Delivery, ExpressDelivery}
    crate = Crate.objects.create()
    crate.boots.add(boot())
    delivery = ExpressDelivery.objects.create(crate=crate, number="D-1", day=date(2026, 1, 5))
    assert ask(delivery) == Reference("", "D-1")
    assert ask(delivery, created=True) == Reference("crate__delivery", delivery.pk, True)
    assert ask(crate, created=True) == Reference("crate", crate.pk, False)
    row = Crate.boots.through.objects.get()
    assert ask(row) == Reference("crate", crate.pk)
    assert ask.shop.orders_of([ask(crate), ask(row)]) == {"D-1"}


def test_a_line_that_is_its_own_order(watch):
    ask = watch(order="pk", date="sale__placed_at")
    line = sold()
    assert ask.models == {SaleLine}
    assert ask(line) == Reference("", str(line.pk))
    assert ask(line, created=True) == Reference("pk", line.pk, True)


def test_an_order_key_that_only_the_database_can_work_out(watch):
    ask = watch(order=Concat(Value("S-"), "sale__number"))
    line = sold(sale("A"))
    assert ask.models == {SaleLine, Sale}
    assert ask.shop.orders_of([ask(line)]) == ask.shop.orders_of([ask(line.sale, True)]) == {"S-A"}


def test_an_order_that_was_rolled_back_leaves_no_key(watch):
    ask = watch()
    order = sale("A-7")
    reference = ask(order, created=True)
    Sale.objects.all().delete()
    assert ask.shop.orders_of([reference]) == set()


def test_a_row_in_an_order_that_was_never_saved_says_nothing(watch):
    ask = watch()
    assert ask(Sale(number="")) is None
    assert ask(SaleLine()) is None


def test_a_model_that_is_order_line_and_cart_is_one_entry_with_both(mapped):
    shop = mapped(
        PRODUCT=BOOTS,
        ORDER_LINES=CART_ORDERS,
        CART=[
            {"model": "odd.OrderedBoot", "item": "boot_id", "user": "user_id"},
            {"callable": "tests.shop.test_carts.nothing", "watch": ["odd.Crate"]},
        ],
    )
    found = {each.model: (each.refer is not None, each.cart) for each in shop.watched()}
    assert found == {OrderedBoot: (True, True), CartOrder: (True, False), Crate: (False, True)}


def test_a_shop_without_orders_watches_its_carts_alone(mapped):
    shop = mapped(PRODUCT=BOOTS, CART={"model": "odd.OrderedBoot", "item": "boot_id", "user": "user_id"})
    assert [(each.model, each.refer, each.cart) for each in shop.watched()] == [(OrderedBoot, None, True)]
