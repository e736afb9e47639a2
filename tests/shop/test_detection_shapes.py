"""Shapes that shops come in, one trait each, and what must not be taken for order lines."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.test.utils import isolate_apps

from django_personalize.shop.detection import lines, proposal, tables
from django_personalize.shop.detection.block import block, by_hand
from django_personalize.shop.detection.source import source

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_registry():
    with isolate_apps("tests"):
        yield


def model(name, /, *bases, **fields):
    meta = fields.pop("Meta", type("Meta", (), {"app_label": "tests"}))
    return type(name, bases or (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


def create(*made):
    """Make the tables; the test's own transaction takes them back."""
    with connection.cursor() as cursor:
        for each in made:
            editor = connection.schema_editor()
            editor.deferred_sql = []
            cursor.execute(*editor.table_sql(each))


def text(**options):
    return models.CharField(max_length=50, **options)


def money(**options):
    return models.DecimalField(max_digits=9, decimal_places=2, **options)


def to(target, **options):
    return models.ForeignKey(target, models.CASCADE, **options)


def products(**more):
    return model("Product", name=text(), price=money(), get_absolute_url=lambda self: "/", **more)


def orders(**more):
    return model("Order", user=to(User, null=True), created_at=models.DateTimeField(), **more)


def order_lines(order, product, **more):
    return model(
        "OrderLine", order=to(order), product=to(product), quantity=models.IntegerField(), price=money(), **more
    )


def proposed(*made):
    found = proposal.candidates(made)
    return proposal.propose(found[0], made)


def values(guesses):
    return {name: guess.value for name, guess in guesses.items()}


@pytest.mark.parametrize(
    "name",
    [
        "OrderLineHistory",
        "RefundItem",
        "ReturnLine",
        "WishlistItem",
        "ReviewedProduct",
        "ShipmentItem",
        "OrderDiscountLine",
        "CartItem",
        "QuoteLine",
    ],
)
def test_a_table_beside_the_order_lines_is_not_taken_for_them(name):
    product, order = products(), orders()
    line = order_lines(order, product)
    beside = model(name, order=to(order), product=to(product), quantity=models.IntegerField(), price=money())
    assert lines.close(proposal.candidates([beside, product, order, line]))[0].model is line


def test_an_audit_table_is_known_by_leading_to_a_line_whatever_its_name():
    product, order = products(), orders()
    line = order_lines(order, product)
    audit = model(
        "OrderPosition",
        line=to(line),
        order=to(order),
        product=to(product),
        quantity=models.IntegerField(),
        price=money(),
    )
    [best, *_] = lines.close(proposal.candidates([audit, product, order, line]))
    assert best.model is line


def test_a_table_of_past_states_is_never_a_candidate():
    product, order = products(), orders()
    past = order_lines(order, product, history_id=models.IntegerField(), history_type=text())
    assert proposal.candidates([past, product, order]) == []


def test_what_the_shop_itself_buys_is_no_sale():
    product, supplier = products(), model("Supplier", name=text())
    buying = model("PurchaseOrder", supplier=to(supplier), date=models.DateField(), status=text())
    bought = model(
        "PurchaseOrderLine", order=to(buying), product=to(product), quantity=models.IntegerField(), price=money()
    )
    order = orders()
    line = order_lines(order, product)
    assert proposal.candidates([bought, buying, supplier, product, order, line])[0].model is line


def test_two_tables_that_look_alike_are_left_to_a_human():
    product, order = products(), orders()
    line = order_lines(order, product)
    sale = model("Sale", user=to(User), created_at=models.DateTimeField(), status=text(), total=money())
    sold = model("SaleLine", sale=to(sale), product=to(product), quantity=models.IntegerField(), price=money())
    assert {each.model for each in lines.close(proposal.candidates([product, order, line, sale, sold]))} == {line, sold}


def test_a_line_that_leads_to_two_things_that_are_sold_leaves_it_to_a_human():
    product, order = products(), orders()
    bundle = model("Bundle", title=text(), price=money(), image=models.FileField(), get_absolute_url=lambda self: "/")
    wrapping = model("Wrapping", name=text())
    line = order_lines(order, product, bundle=to(bundle, null=True), wrapping=to(wrapping, null=True))
    found = lines.close(proposal.candidates([product, bundle, wrapping, order, line]))
    assert [(each.model, each.link.product) for each in found] == [(line, product), (line, bundle)]


def test_the_state_of_an_address_is_none_of_an_order():
    product = products()
    order = orders(state=text(), city=text(), status=text())
    found = proposed(product, order, order_lines(order, product))
    assert [state.path for state in found.states] == ["order__status"]


def test_a_shop_in_another_language_is_known_by_its_structure():
    tovar = model("Narsa", nomi=text(), narxi=money(), get_absolute_url=lambda self: "/")
    zakaz = model("Xarid", mijoz=to(User), sana=models.DateTimeField(auto_now_add=True), summa_total=money())
    satr = model("XaridSatri", xarid=to(zakaz), narsa=to(tovar), soni=models.PositiveIntegerField(), narxi=money())
    found = proposed(tovar, zakaz, satr)
    assert found.sales.model is satr
    assert values(found.lines) == {
        "model": "tests.XaridSatri",
        "item": "narsa_id",
        "order": "xarid_id",
        "date": "xarid__sana",
        "qty": "soni",
        "price": "narxi",
        "user": "xarid__mijoz_id",
        "placed": Q(),
    }
    assert values(found.product) == {"model": "tests.Narsa", "price": "narxi"}
    assert found.lines["qty"].note == "a guess: the only number that fits"


def test_each_row_is_an_order_where_there_is_no_table_of_orders():
    product = products()
    purchase = model(
        "Purchase",
        product=to(product),
        user=to(User),
        purchased_at=models.DateTimeField(),
        amount=money(),
        paid=models.BooleanField(),
    )
    found = proposed(product, purchase)
    assert (found.sales.prefix, found.sales.key) == ("", "pk")
    assert found.lines["order"].note == "each row is taken as an order of its own"
    assert values(found.lines) == {
        "model": "tests.Purchase",
        "item": "product_id",
        "order": "pk",
        "date": "purchased_at",
        "price": "amount",
        "user": "user_id",
        "placed": Q(paid=True),
    }


def test_a_foreign_key_to_another_column_than_the_key_is_followed_to_the_key():
    product, order = products(sku=text(unique=True)), orders(number=text(unique=True))
    line = model(
        "OrderLine",
        order=to(order, to_field="number"),
        product=to(product, to_field="sku"),
        quantity=models.IntegerField(),
    )
    found = proposed(product, order, line)
    assert (found.lines["item"].value, found.lines["order"].value) == ("product__pk", "order__pk")


def test_variants_in_the_same_table_are_told_by_their_parent():
    product = products(parent=to("self", null=True))
    order = orders()
    found = proposed(product, order, order_lines(order, product))
    assert found.product["group"].value == "parent"
    assert found.lines["item"].value == "product_id"
    assert "variant" not in found.product


def test_a_line_that_names_product_and_variant_reads_each_from_its_own_column():
    product, order = products(), orders()
    variant = model("ProductVariant", product=to(product), size=text())
    line = order_lines(order, product, variant=to(variant, null=True))
    found = proposed(product, order, variant, line)
    assert (found.lines["item"].value, found.lines["variant"].value) == ("product_id", "variant_id")
    assert (found.product["variant"].value, found.product["group"].value) == ("tests.ProductVariant", "product")


def test_a_category_is_no_product_that_the_line_is_a_variant_of():
    category = model("Category", name=text(), get_absolute_url=lambda self: "/")
    product = model("Item", title=text(), price=money(), category=to(category))
    order = orders()
    found = proposed(category, product, order, order_lines(order, product))
    assert found.product["model"].value == "tests.Item"
    assert found.product["category"].value == "category__title" or found.product["category"].value == "category__name"


def test_lines_that_lead_to_anything_are_narrowed_to_what_most_of_them_are():
    product, voucher = products(), model("Gift", name=text(), price=money())
    order = orders()
    line = model(
        "OrderItem",
        order=to(order, related_name="items"),
        content_type=to(ContentType, db_constraint=False),
        object_id=models.PositiveIntegerField(),
        quantity=models.IntegerField(),
        thing=GenericForeignKey("content_type", "object_id"),
    )
    create(order, line)
    kinds = [ContentType.objects.get_for_model(User), ContentType.objects.get(app_label="shop", model="product")]
    placed = order.objects.create(created_at="2026-01-01T00:00Z")
    for kind, number in ((kinds[1], 1), (kinds[1], 2), (kinds[0], 3)):
        line.objects.create(order=placed, content_type_id=kind.pk, object_id=number, quantity=1)
    found = proposed(product, voucher, order, line)
    assert found.lines["item"].value == "object_id"
    assert found.product["model"].value == "shop.Product"
    assert found.lines["placed"].value == Q(content_type__app_label="shop", content_type__model="product")


def test_lines_without_an_order_yet_are_the_cart():
    product, order = products(), orders()
    line = model(
        "OrderItem",
        user=to(User),
        order=to(order, null=True),
        product=to(product, db_constraint=False),
        quantity=models.IntegerField(),
    )
    create(order, line)
    somebody = User.objects.create_user("somebody")
    line.objects.create(user=somebody, product_id=1, quantity=1)
    found = proposed(product, order, line)
    assert found.lines["placed"].value == Q(order__isnull=False)
    assert found.cart[0] == {
        "model": "tests.OrderItem",
        "item": "product_id",
        "qty": "quantity",
        "where": Q(order__isnull=True),
        "user": "order__user_id",
    }


def test_the_cart_of_a_customer_is_found_by_the_account_behind_them_and_counted_by_its_only_number():
    product, order = products(), orders()
    line = order_lines(order, product)
    customer = model("Customer", user=to(User))
    cart = model("Cart", customer=to(customer, null=True))
    row = model("CartRow", cart=to(cart), product=to(product), copies=models.PositiveIntegerField())
    found = proposed(product, customer, order, line, cart, row)
    cart = found.cart[0]
    assert (cart["model"], cart["qty"], cart["user"]) == ("tests.CartRow", "copies", "cart__customer__user_id")
    assert '"copies" as its quantity: a guess, the only number that fits' in found.about_cart


def test_lines_that_belong_to_a_parcel_of_an_order_lead_past_it():
    section = model("Section", title=text())
    tovar = model("Tovar", title_en=text(), section=to(section), get_absolute_url=lambda self: "/")
    photo = model("Photo", tovar=to(tovar, related_name="photos"), file=models.FileField())
    size = model("Size", tovar=to(tovar, related_name="sizes"), label=text(), price=models.FloatField())
    order = orders(state=models.IntegerField(choices=[(0, "Draft"), (1, "Confirmed"), (2, "Cancelled")]))
    parcel = model("Parcel", order=to(order), tracking=text())
    line = model(
        "ParcelItem", parcel=to(parcel), size=to(size), amount=models.IntegerField(), price=models.FloatField()
    )
    create(order, parcel, line)
    found = proposed(section, tovar, photo, size, order, parcel, line)
    product, sold = values(found.product), values(found.lines)
    assert (product["model"], product["variant"], product["group"]) == ("tests.Tovar", "tests.Size", "tovar")
    assert (product["price"], product["title"]) == ("sizes__price", "title_en")
    assert (sold["item"], sold["variant"], sold["order"]) == ("size__tovar_id", "size_id", "parcel__order_id")
    assert sold["placed"] == ~Q(parcel__order__state=0)
    assert found.cart[0]["where"] == Q(parcel__order__state=0)
    assert product["image"] == "photos__file"


def test_categories_that_a_product_has_several_of_are_found_by_their_plural():
    genre = model("Genre", name=text(), get_absolute_url=lambda self: "/")
    product = products(
        genres=models.ManyToManyField(genre), copies_left=models.PositiveIntegerField(), collections=text()
    )
    order = orders()
    found = values(proposed(genre, product, order, order_lines(order, product)).product)
    assert (found["category"], found["category_url"]) == ("genres__name", "genres__get_absolute_url")
    assert (found["stock"], found["in_stock"]) == ("copies_left", Q(copies_left__gt=0))
    assert "brand" not in found


@pytest.mark.parametrize(
    ("choices", "placed", "cancelled"),
    [
        ("pending paid shipped cancelled", ~Q(order__status="pending"), Q(order__status="cancelled")),
        ("new processing delivered returned", Q(), Q(order__status="returned")),
        ("new paid cancelled refunded", ~Q(order__status="new"), Q(order__status__in=["cancelled", "refunded"])),
        ("cart placed sent", ~Q(order__status="cart"), None),
        ("open closed", Q(), None),
        ("placed refund_requested partially_refunded", Q(), None),
    ],
)
def test_states_by_their_names_say_what_counts(choices, placed, cancelled):
    product = products()
    order = orders(status=text(choices=[(word, word) for word in choices.split()]))
    found = values(proposed(product, order, order_lines(order, product)).lines)
    assert (found["placed"], found.get("cancelled")) == (placed, cancelled)


def test_states_by_numbers_are_told_by_what_the_shop_calls_them():
    product = products()
    order = orders(status=models.IntegerField(choices=[(1, "Awaiting payment"), (2, "Paid"), (9, "Cancelled")]))
    found = values(proposed(product, order, order_lines(order, product)).lines)
    assert (found["placed"], found["cancelled"]) == (~Q(order__status=1), Q(order__status=9))


def test_states_in_a_table_of_their_own_are_asked_by_name():
    product, status = products(), model("OrderStatus", name=text())
    order = orders(status=to(status, null=True))
    line = order_lines(order, product)
    create(status, order)
    for name in ("Pending", "Sent", "Cancelled"):
        order.objects.create(created_at="2026-01-01T00:00Z", status=status.objects.create(name=name))
    found = proposed(product, status, order, line)
    assert found.lines["placed"].value == ~Q(order__status__name="Pending")
    assert found.lines["cancelled"].value == Q(order__status__name="Cancelled")


def test_a_flag_that_no_order_has_raised_is_no_sign_of_a_sale():
    product, order = (
        products(),
        orders(paid=models.BooleanField(default=False), placed=models.BooleanField(default=False)),
    )
    line = order_lines(order, product)
    create(order)
    order.objects.create(created_at="2026-01-01T00:00Z", paid=True)
    found = proposed(product, order, line)
    assert found.lines["placed"].value == Q(order__paid=True)
    assert found.sold[-1].condition == Q()


def test_the_date_of_ordering_goes_before_any_other():
    product = products()
    order = orders(
        updated_at=models.DateTimeField(),
        delivery_date=models.DateTimeField(),
        placed_at=models.DateTimeField(),
        paid_at=models.DateTimeField(null=True),
    )
    assert proposed(product, order, order_lines(order, product)).lines["date"].value == "order__placed_at"


def carts_as_orders(**more):
    """A shop whose unfinished orders are carts, and the dates of its orders."""
    product = products()
    order = orders(status=text(), **more)
    line = order_lines(order, product)
    create(product, order, line)
    return product, order, line


def placed(shop, *told):
    product, order, line = shop
    for status, dates in told:
        made = order.objects.create(status=status, **({"created_at": "2026-01-01T00:00Z"} | dates))
        line.objects.create(order=made, product=product.objects.create(name="Lantern", price=1), quantity=1, price=1)


ORDERED = {"ordered_date": "2026-01-02T00:00Z"}


def test_a_date_that_only_carts_lack_is_when_it_was_ordered():
    shop = carts_as_orders(ordered_date=models.DateTimeField(null=True))
    placed(shop, ("cart", {}), ("paid", ORDERED), ("paid", ORDERED))
    date = proposed(*shop).lines["date"]
    assert (date.value, date.note) == (
        "order__ordered_date",
        "created_at would fit too: wanted is when it was ordered",
    )


@pytest.mark.parametrize("told", [[], [("paid", ORDERED), ("paid", {}), ("cart", {})]])
def test_a_date_that_some_sold_orders_lack_is_filled_up_by_one_that_all_have(told):
    shop = carts_as_orders(ordered_date=models.DateTimeField(null=True))
    placed(shop, *told)
    date = proposed(*shop).lines["date"]
    assert date.value == Coalesce("order__ordered_date", "order__created_at")
    assert date.note == "ordered_date where it is filled, else created_at"


def test_a_date_that_no_sold_order_has_is_not_proposed():
    shop = carts_as_orders(ordered_date=models.DateTimeField(null=True))
    placed(shop, ("paid", {}), ("paid", {}))
    assert proposed(*shop).lines["date"].value == "order__created_at"


def test_a_day_and_a_moment_are_not_put_together():
    shop = carts_as_orders(ordered_date=models.DateField(null=True))
    placed(shop, ("paid", {"ordered_date": "2026-01-02"}), ("paid", {}))
    date = proposed(*shop).lines["date"]
    assert (date.value, date.note) == (
        "order__created_at",
        "ordered_date would fit too: wanted is when it was ordered",
    )


def test_whatever_date_there_is_is_taken_with_what_it_leaves_out():
    product = products()
    order = model("Order", user=to(User, null=True), status=text(), ordered_date=models.DateTimeField(null=True))
    line = order_lines(order, product)
    create(product, order, line)
    for dates in ({}, ORDERED):
        made = order.objects.create(status="paid", **dates)
        line.objects.create(order=made, product=product.objects.create(name="Lantern", price=1), quantity=1, price=1)
    date = proposed(product, order, line).lines["date"]
    assert (date.value, date.note) == (
        "order__ordered_date",
        "ordered_date is empty in some orders that count as sold: these are left out",
    )


def test_a_line_of_a_variant_without_a_price_costs_what_the_variant_costs_today():
    product, order = model("Product", name=text(), get_absolute_url=lambda self: "/"), orders()
    variant = model("Variant", product=to(product, related_name="variants"), size=text(), price=money())
    line = model("OrderItem", order=to(order), variant=to(variant), quantity=models.IntegerField())
    price = proposed(product, variant, order, line).lines["price"]
    assert (price.value, price.note) == ("variant__price", "the line keeps none: what the variant costs today")


def test_a_price_that_is_nowhere_is_a_line_to_fill_in():
    product, order = model("Product", name=text(), get_absolute_url=lambda self: "/"), orders()
    line = model("OrderItem", order=to(order), product=to(product), quantity=models.IntegerField())
    found = proposed(product, order, line)
    assert '        # "price": ...,  # price not found: wanted what a piece cost\n' in block(found)


def test_a_field_with_choices_is_shown_by_the_names_of_its_choices():
    choices = [("SH", "Shirts"), ("SW", "Sport wear")]
    product, order = products(category=text(choices=choices), brand=text(), size=text(choices=choices)), orders()
    found = proposed(product, order, order_lines(order, product)).product
    assert found["category"].value == "get_category_display"
    assert found["brand"].value == "brand"
    assert found["attributes"].value == {"size": "get_size_display"}


def test_a_method_that_changes_something_is_not_proposed():
    def get_price(self):
        raise AssertionError

    get_price.alters_data = True
    product = model("Product", name=text(), get_absolute_url=lambda self: "/", get_price=get_price)
    order = orders()
    assert "price" not in proposed(product, order, order_lines(order, product)).product


def test_products_are_proposed_where_no_order_lines_are():
    product, post = products(image=models.FileField()), model("Post", title=text(), body=text())
    supplier = model("Supplier", name=text(), price=money())
    assert proposal.candidates([product, post, supplier]) == []
    found = proposal.product_alone([post, supplier, product])
    assert values(found) == {"model": "tests.Product", "title": "name", "price": "price", "image": "image"}
    assert proposal.product_alone([post]) is None


@pytest.mark.parametrize("some", [True, False])
def test_what_a_human_has_to_fill_in_runs_as_it_stands(some):
    product = proposal.product_alone([products()]) if some else None
    given = {}
    written = by_hand(product)
    exec(written, given)
    assert given["PERSONALIZE"] == ({"PRODUCT": values(product)} if some else {})
    assert '    #     "item": "product_id",' in written


def test_whoever_sells_or_packs_is_not_the_buyer():
    product = products()
    order = model(
        "Order",
        seller=to(User, related_name="+"),
        assigned_to=to(User, related_name="+"),
        customer=to(User, related_name="+"),
        created=models.DateTimeField(),
    )
    assert proposed(product, order, order_lines(order, product)).lines["user"].value == "order__customer_id"


def test_what_a_line_costs_in_all_is_not_the_price_of_a_piece():
    product, order = products(), orders()
    line = model("OrderLine", order=to(order), product=to(product), quantity=models.IntegerField(), line_total=money())
    found = proposed(product, order, line)
    assert found.lines["price"].value is None
    assert found.lines["price"].note == "line_total is what the line costs; wanted what a piece costs"


def test_stock_that_nobody_keeps_does_not_empty_the_shop():
    product, order = (
        products(stock=models.IntegerField(default=0), is_active=models.BooleanField(default=False)),
        orders(),
    )
    line = order_lines(order, product)
    create(product)
    product.objects.create(name="Lantern", price=1)
    found = proposed(product, order, line)
    assert "in_stock" not in found.product
    assert "visible" not in found.product
    assert found.product["stock"].value == "stock"


@pytest.mark.parametrize(
    ("column", "name", "visible"),
    [
        (models.BooleanField(), "is_deleted", Q(is_deleted=False)),
        (models.DateTimeField(null=True), "deleted_at", Q(deleted_at__isnull=True)),
        (
            models.CharField(max_length=9, choices=[("draft", "Draft"), ("published", "Out")]),
            "status",
            Q(status="published"),
        ),
    ],
)
def test_what_hides_a_product_is_found(column, name, visible):
    product, order = products(**{name: column}), orders()
    assert proposed(product, order, order_lines(order, product)).product["visible"].value == visible


def test_an_empty_stock_is_taken_as_not_counted():
    product, order = products(stock=models.IntegerField(null=True)), orders()
    found = proposed(product, order, order_lines(order, product))
    assert found.product["in_stock"].value == Q(stock__gt=0) | Q(stock__isnull=True)


def test_pictures_below_the_product_and_a_price_by_method_are_found():
    product = model("Product", title=text(), get_price=lambda self, request: 1, get_absolute_url=lambda self: "/")
    picture = model("ProductImage", product=to(product, related_name="images"), image=models.FileField())
    order = orders()
    found = proposed(product, picture, order, order_lines(order, product))
    assert (found.product["image"].value, found.product["price"].value) == ("images__image", "get_price")


def test_a_table_that_is_not_there_yet_counts_as_empty():
    product, order = products(), orders(paid=models.BooleanField())
    line = order_lines(order, product)
    found = proposed(product, order, line)
    assert (found.sales.rows, found.lines["placed"].value) == (0, Q(order__paid=True))


def test_no_more_rows_are_counted_than_a_glance_needs(monkeypatch):
    monkeypatch.setattr(tables, "LIMIT", 2)
    thing = model("Thing", name=text())
    create(thing)
    thing.objects.bulk_create(thing(name=str(number)) for number in range(5))
    assert tables.some_rows(thing) == 2


@pytest.mark.parametrize(
    "value",
    [
        Q(),
        Q(a=1, b='it\'s "quoted"'),
        ~Q(a__in=["x", "y"]),
        Q(a=True) | Q(b__isnull=True),
        ~(Q(a=1) | Q(b=2)) & Q(c=None),
        ~(Q(a=1) & Q(b=2)),
        Coalesce("a", "b__c"),
        {"a": [("x", "y"), ("z",)]},
        "C:\\temp\nnew",
    ],
)
def test_source_evaluates_to_what_it_is_the_source_of(value):
    assert eval(source(value), {"Q": Q, "Coalesce": Coalesce}) == value


def test_a_state_that_would_leave_only_what_was_cancelled_is_no_guess():
    product = products()
    order = orders(status=text())
    line = order_lines(order, product)
    create(order)
    for status in ("Pending", "Pending", "Cancelled"):
        order.objects.create(created_at="2026-01-01T00:00Z", status=status)
    found = values(proposed(product, order, line).lines)
    assert (found["placed"], found["cancelled"]) == (Q(), Q(order__status="Cancelled"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Q(a=1) | Q(b=2), "Q(a=1) | Q(b=2)"),
        (~(Q(a=1) | Q(b=2)), "~(Q(a=1) | Q(b=2))"),
        (Q(a=1) & (Q(b=2) | Q(c=3)), "Q(a=1) & (Q(b=2) | Q(c=3))"),
        (~Q(a=1) & Q(b=2), "~Q(a=1) & Q(b=2)"),
        (Q(b=2, a=1), "Q(a=1, b=2)"),
    ],
)
def test_source_is_as_a_human_writes_it(value, text):
    assert source(value) == text


@pytest.mark.parametrize(("linked", "path"), [(False, None), (True, "order__customer__user_id")])
def test_the_key_of_a_customer_is_never_proposed_for_an_account(linked, path):
    account = {"user": models.OneToOneField(User, models.CASCADE)} if linked else {"email": text()}
    customer = model("Customer", name=text(), **account)
    order = model("Order", customer=to(customer), created_at=models.DateTimeField(), status=text(), total=money())
    create(customer, product := products(), order, line := order_lines(order, product))
    assert values(proposed(customer, product, order, line).lines).get("user") == path
