"""What is proposed for each of the small shops, and that it can be pasted and read."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.core import checks
from django.db.models import Q
from django.db.models.functions import Coalesce

from django_personalize.conf import settings as personalize
from django_personalize.core.tally import Tally
from django_personalize.shop.detection import proposal
from django_personalize.shop.detection.block import block
from django_personalize.shop.mapping import MappedShop
from tests.shops import bought, order, product
from tests.small_shops.opening import seed, settings_of

pytestmark = pytest.mark.django_db

EXPECTED = {
    "session_shop": {
        "PRODUCT": {
            "model": "session_shop.Product",
            "title": "name",
            "price": "price",
            "image": "picture",
            "category": "category__name",
            "category_url": "category__get_absolute_url",
            "created": "created",
            "visible": Q(available=True),
        },
        "ORDER_LINES": {
            "model": "session_shop.OrderItem",
            "item": "product_id",
            "order": "order_id",
            "date": "order__created",
            "qty": "quantity",
            "price": "price",
            "placed": Q(order__paid=True),
            "cancelled": Q(order__refunded=True),
        },
        "CART": {"session": "cart", "qty": "quantity"},
    },
    "order_is_cart": {
        "PRODUCT": {
            "model": "order_is_cart.Item",
            "title": "title",
            "price": Coalesce("discount_price", "price"),
            "list_price": "price",
            "image": "image",
            "category": "get_category_display",
        },
        "ORDER_LINES": {
            "model": "order_is_cart.OrderItem",
            "item": "item_id",
            "order": "order__pk",
            "date": "order__ordered_date",
            "qty": "quantity",
            "price": Coalesce("item__discount_price", "item__price"),
            "user": "user_id",
            "placed": Q(ordered=True),
            "cancelled": Q(order__refund_granted=True),
        },
        "CART": {
            "model": "order_is_cart.OrderItem",
            "item": "item_id",
            "qty": "quantity",
            "where": Q(ordered=False),
            "user": "user_id",
        },
    },
    "cookie_shop": {
        "PRODUCT": {"model": "cookie_shop.Product", "title": "name", "price": "price", "image": "image"},
        "ORDER_LINES": {
            "model": "cookie_shop.OrderItem",
            "item": "product_id",
            "order": "order_id",
            "date": "order__date_ordered",
            "qty": "quantity",
            "price": "product__price",
            "user": "order__customer__user_id",
            "placed": Q(order__complete=True),
        },
        "CART": [
            {
                "model": "cookie_shop.OrderItem",
                "item": "product_id",
                "qty": "quantity",
                "where": Q(order__complete=False),
                "user": "order__customer__user_id",
            },
            {"cookie": "cart", "qty": "quantity"},
        ],
    },
    "keyed_by_session": {
        "PRODUCT": {
            "model": "keyed_by_session.Product",
            "title": "product_name",
            "price": "price",
            "image": "images",
            "category": "category__category_name",
            "category_url": "category__get_url",
            "created": "created_date",
            "visible": Q(is_available=True),
            "stock": "stock",
            "in_stock": Q(stock__gt=0),
        },
        "ORDER_LINES": {
            "model": "keyed_by_session.OrderProduct",
            "item": "product_id",
            "order": "order_id",
            "date": "order__created_at",
            "qty": "quantity",
            "price": "product_price",
            "user": "order__user_id",
            "placed": Q(order__is_ordered=True),
            "cancelled": Q(order__status="Cancelled"),
        },
        "CART": {
            "model": "keyed_by_session.CartItem",
            "item": "product_id",
            "qty": "quantity",
            "where": Q(is_active=True),
            "user": "user_id",
            "session_key": "cart__cart_id",
        },
    },
    "uuid_variants": {
        "PRODUCT": {
            "model": "uuid_variants.Product",
            "variant": "uuid_variants.Variant",
            "group": "product",
            "title": "name",
            "price": "variants__price",
            "list_price": "variants__compare_at",
            "brand": "brand",
            "created": "added",
            "attributes": {"material": "material"},
            "visible": Q(published=True),
            "in_stock": Q(variants__stock__gt=0),
        },
        "ORDER_LINES": {
            "model": "uuid_variants.OrderLine",
            "item": "variant__product_id",
            "variant": "variant_id",
            "order": "order_id",
            "date": "order__placed",
            "qty": "qty",
            "price": "unit_price",
            "user": "order__user_id",
            "placed": Q(order__payments__status="C"),
            "cancelled": Q(order__status="cancelled"),
            "cancelled_qty": "returned_qty",
            "cancelled_at": "returned_at",
            "also_watch": [("uuid_variants.Payment", "order_id")],
        },
        "CART": {"session": "store.cart", "keys": "variant", "item": "variant", "qty": "count"},
    },
    "translated": {
        "PRODUCT": {
            "model": "translated.Poster",
            "title": "name",
            "price": "price",
            "scope": "site_id",
            "visible": Q(active=True),
        },
        "ORDER_LINES": {
            "model": "translated.SoldPoster",
            "item": "poster_id",
            "order": "order_id",
            "date": "order__created",
            "price": "price",
            "currency": "order__currency",
            "user": "order__user_id",
            "scope": "order__site_id",
            "placed": Q(),
            "cancelled": Q(cancelled=True),
        },
        "CART": {"session": "cart"},
        "SCOPE": "site",
    },
    "drf_shop": {
        "PRODUCT": {
            "model": "drf_shop.Product",
            "title": "name",
            "url": ("app-product", "pk", "pk"),
            "price": "price",
            "category": "category__name",
            "created": "created_at",
            "stock": "quantity",
            "in_stock": Q(quantity__gt=0),
        },
        "ORDER_LINES": {
            "model": "drf_shop.Cart_products",
            "item": "product_id",
            "order": "cart__order__pk",
            "date": "cart__order__timestamp",
            "price": "product__price",
            "user": "cart__user_id",
            "placed": Q(cart__order__status__in=["paid", "refunded", "shipped"]),
            "cancelled": Q(cart__order__status="refunded"),
        },
        "CART": {
            "model": "drf_shop.Cart_products",
            "item": "product_id",
            "where": Q(cart__order__isnull=True),
            "user": "cart__user_id",
            "session_value": ("cart_id", "cart__pk"),
        },
    },
}
SOLD = {
    "session_shop": (4, 10),
    "order_is_cart": (3, 6),
    "cookie_shop": (3, 7),
    "keyed_by_session": (4, 7),
    "uuid_variants": (3, 9),
    "translated": (3, 6),
    "drf_shop": (2, 3),
}
"""(orders, lines) that the seeded shops have sold."""


def models_of(label):
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label == label]


def proposed(label):
    models = models_of(label)
    found = proposal.candidates(models)
    return proposal.propose(found[0], models)


def pasted(of):
    """What the settings hold once the printed block is in them."""
    given = {}
    exec(block(of), given)
    return given["PERSONALIZE"]


@pytest.fixture
def open_unmapped(settings):
    """Open a shop that nothing is said of yet; the value gives it what was pasted."""

    def open_(label):
        for name, value in settings_of(label).items():
            setattr(settings, name, value)
        settings.PERSONALIZE = {}
        seed(label)

    return open_


@pytest.mark.parametrize("label", sorted(EXPECTED))
def test_the_block_for_a_small_shop_says_how_it_keeps_things(label, open_unmapped):
    open_unmapped(label)
    assert pasted(proposed(label)) == EXPECTED[label]


@pytest.mark.parametrize("label", sorted(EXPECTED))
def test_a_pasted_block_passes_the_checks_and_reads_what_the_shop_sold(label, open_unmapped, settings):
    open_unmapped(label)
    settings.PERSONALIZE = pasted(proposed(label))
    assert [each for each in checks.run_checks(tags=["personalize"]) if each.level >= checks.ERROR] == []
    tally = Tally()
    lines = list(personalize.shop.lines(tally=tally))
    assert (len({line.order_key for line in lines}), len(lines)) == SOLD[label]
    assert set(tally.counts) <= {"product_gone"}


def test_the_example_shop_is_proposed_as_it_is_mapped_by_hand(settings):
    by_hand = settings.PERSONALIZE
    bought(order("A"), product("Lantern"))
    found = pasted(proposed("shop"))
    same = {name: value for name, value in by_hand["PRODUCT"].items() if name != "currency"}
    assert found["PRODUCT"] == {**same, "stock": "stock"}
    same = {name: value for name, value in by_hand["ORDER_LINES"].items() if name != "currency"}
    assert found["ORDER_LINES"] == {**same, "order": "order_id", "list_price": "list_price"}
    assert found["CART"] == {"session": "basket"}


def test_what_was_guessed_and_what_was_not_found_stands_beside_it():
    for number, status in enumerate(("placed", "placed", "cancelled")):
        when = {"cancelled_at": "2026-01-02T00:00Z"} if status == "cancelled" else {}
        bought(order(str(number), status=status, **when), product("Lantern"))
    text = block(proposed("shop"))
    assert '        # "currency": "EUR",  # no currency was found: name yours\n' in text
    assert "        # shop.Order.status, of 3: placed 2, cancelled 1, shipped 0, delivered 0\n" in text
    assert '        "placed": Q(),  # a guess: every order\n' in text


def test_the_name_of_a_choice_is_what_the_shop_shows(open_unmapped, settings):
    open_unmapped("order_is_cart")
    settings.PERSONALIZE = {**settings.PERSONALIZE, **pasted(proposed("order_is_cart"))}
    assert {item.category for item in personalize.shop.newest(3)} == {"Shirt"}
    assert {category for _key, category, *_rest in personalize.shop.facts()} == {"Shirt"}


def test_a_shop_in_which_nothing_looks_like_order_lines_gives_no_candidate():
    assert proposal.candidates(models_of("auth")) == []
    assert proposal.candidates(models_of("personalize")) == []


def test_a_setting_that_names_a_currency_is_taken(settings):
    settings.DEFAULT_CURRENCY = "uzs"
    found = proposed("shop")
    assert (found.product["currency"].value, found.lines["currency"].value) == ("UZS", "UZS")
    assert found.product["currency"].note == "settings.DEFAULT_CURRENCY"


def session(**values):
    store = SessionStore()
    store.update(values)
    store.save()


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        (lambda key: {"bag": {str(key): 2}}, {"session": "bag"}),
        (lambda key: {"bag": {str(key): {"quantity": 2}}}, {"session": "bag", "qty": "quantity"}),
        (lambda key: {"bag": [{"product_id": key, "qty": 1}]}, {"session": "bag", "item": "product_id", "qty": "qty"}),
        (lambda key: {"bag": [key, key]}, {"session": "bag"}),
        (lambda key: {"shop": {"bag": {str(key): 1}}}, {"session": "shop.bag"}),
        (lambda key: {"things": {str(key): {"qty": 1}}}, {"session": "things", "qty": "qty"}),
    ],
)
def test_a_stored_session_shows_how_the_cart_lies_in_it(shape, wanted):
    session(**shape(product("Lantern").pk), locale="uz")
    found = proposed("shop")
    assert found.cart == [wanted]
    assert "seen in 1 of the sessions that are stored" in found.about_cart[-1]


@pytest.mark.parametrize(
    "values",
    [
        lambda key: {"recently_viewed": [key]},
        lambda key: {"wishlist": {str(key): 1}},
        lambda key: {"bag": {"999999": 1}},
        lambda key: {"bag": "odd"},
        lambda key: {"numbers": [key]},
    ],
)
def test_what_looks_like_a_cart_and_is_none_is_not_taken_for_one(values):
    session(**values(product("Lantern").pk))
    assert proposed("shop").cart == [{"session": "basket"}]  # which the shop's code names


def test_sessions_that_nobody_can_look_through_leave_the_code_to_ask(settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    assert proposed("shop").cart == [{"session": "basket"}]


def test_carts_of_variants_are_seen_to_be_that(open_unmapped):
    open_unmapped("uuid_variants")
    variant = apps.get_model("uuid_variants.Variant").objects.first()
    session(store={"cart": [{"variant": str(variant.pk), "count": 2, "gift": False}]})
    assert proposed("uuid_variants").cart == [
        {"session": "store.cart", "keys": "variant", "item": "variant", "qty": "count"}
    ]


def test_a_product_page_that_fails_leaves_a_remark(settings):
    product("Lantern")
    settings.ROOT_URLCONF = "cookie_consent.urls"
    found = proposed("shop")
    assert "url" not in found.product
    assert found.remarks[0] == (
        "Product pages: get_absolute_url() fails: NoReverseMatch, and no URL pattern leads to a product: "
        "views cannot be seen."
    )


def test_the_proposal_asks_no_more_queries_of_a_fuller_shop(django_assert_max_num_queries):
    for number in range(30):
        bought(order(str(number)), product(f"Lantern {number}"))
    with django_assert_max_num_queries(40):
        proposed("shop")


def test_a_mapped_shop_can_be_made_of_the_proposal_without_the_example_shops_settings(settings):
    bought(order("A"), product("Lantern"), quantity=3)
    settings.PERSONALIZE = pasted(proposed("shop"))
    [line] = MappedShop().lines()
    assert (line.quantity, line.sold) == (3, True)
