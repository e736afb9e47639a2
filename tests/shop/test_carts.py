import json
import time
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q
from django.http import HttpResponse

from django_personalize.core.tally import Tally
from django_personalize.core.types import CartLine
from django_personalize.exceptions import ConfigurationError
from tests.shop.odd.models import Boot, Cut, Gadget, OrderedBoot, Poster, Shirt, Tile

pytestmark = pytest.mark.django_db

BOOTS = {"model": "odd.Boot", "group": "parent"}


@pytest.fixture
def boots():
    """Keys: an item, its variant, another item; of one length, since lines come in the order of their keys' text."""
    parent = Boot._base_manager.create(pk=1001, slug="tall")
    child = Boot._base_manager.create(pk=1002, slug="tall-42", parent=parent)
    return str(parent.pk), str(child.pk), str(Boot._base_manager.create(pk=1003, slug="low").pk)


@pytest.fixture
def asked(rf):
    """A request with this in its session, which the page has read (or not)."""

    def make(session=None, *, method="get", read=True, cookies=None, user=None):
        request = getattr(rf, method)("/")
        request.session = SessionStore()
        for name, value in (session or {}).items():
            request.session[name] = value
        request.session.modified = False
        request.session.accessed = read
        request.COOKIES.update(cookies or {})
        request.user = user or AnonymousUser()
        return request

    return make


def told(shop, request, **how):
    tally = Tally()
    return shop.cart(request, tally=tally, **how), dict(tally.counts)


def line(item, quantity, variant=""):
    return CartLine(item_key=item, variant_key=variant, quantity=quantity)


# Shapes


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ({}, lambda a, b, c: {a: 2, b: 1, c: "3"}),
        ({}, lambda a, b, c: {int(a): 2, b: True, c: 3.0}),
        ({}, lambda a, b, c: {a: {"quantity": 2, "price": "9"}, b: {"qty": 1}, c: {"quantity": "3"}}),
        ({"qty": "n"}, lambda a, b, c: {a: {"n": 2}, b: {"n": 1}, c: {"n": 3}}),
        ({"item": "id"}, lambda a, b, c: {n: {"id": key, "qty": n} for n, key in ((2, a), (1, b), (3, c))}),
        ({"item": "id"}, lambda a, b, c: [{"id": a, "qty": 2}, {"id": b, "qty": 1}, {"id": c, "qty": 3}]),
        ({"item": "id", "variant": "v"}, lambda a, b, c: [
            {"id": a, "v": None, "qty": 2}, {"id": a, "v": b, "qty": 1}, {"id": c, "qty": 3}]),
        ({}, lambda a, b, c: [a, a, int(b), c, c, c]),
        ({}, lambda a, b, c: json.dumps({a: 2, b: 1, c: 3})),
    ],
)  # fmt: skip
def test_a_session_cart_may_have_several_shapes(mapped, asked, boots, spec, shape):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "cart", **spec})
    a, b, c = boots
    assert told(shop, asked({"cart": shape(a, b, c)})) == ([line(a, 2), line(a, 1, b), line(c, 3)], {})


@pytest.mark.parametrize("shape", [{}, [], None, "{}", "[]"])
def test_an_empty_cart_costs_no_query(mapped, asked, django_assert_num_queries, shape):
    shop, request = mapped(PRODUCT=BOOTS, CART={"session": "cart"}), asked({"cart": shape})
    with django_assert_num_queries(0):
        assert told(shop, request) == told(shop, asked()) == ([], {})


@pytest.mark.parametrize(
    "shape",
    [7, "soup", "{", {"1": "many"}, {"1": None}, {"1": {"price": 2}}, {"1": [2]}, [{"id": 1, "qty": 2}], [[1, 2]],
     [None], [1.5], {"1": {"quantity": None}}, {"1": float("nan")}, "[" * 100_000],
)  # fmt: skip
def test_a_cart_of_unknown_shape_is_counted_and_is_no_empty_cart(mapped, asked, shape):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "cart"})
    assert told(shop, asked({"cart": shape})) == (None, {"cart_of_unknown_shape": 1})


def test_where_a_cart_was_not_readable_is_told_and_not_what_it_held(mapped, asked):
    shop, tally = mapped(PRODUCT=BOOTS, CART={"session": "store.cart"}), Tally()
    shop.cart(asked({"store": "mia@example.com"}), tally=tally)
    assert tally.samples == {"cart_of_unknown_shape": "session: store.cart"}


def test_a_cart_deep_in_the_session(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "store.cart.lines"})
    assert told(shop, asked({"store": {"cart": {"lines": {boots[0]: 1}}}})) == ([line(boots[0], 1)], {})
    assert told(shop, asked({"store": {"cart": {}}})) == ([], {})
    assert told(shop, asked({"store": {}})) == ([], {})


def test_what_names_no_product_is_counted_and_left_out(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "cart"})
    cart = {boots[0]: 1, "999999": 2, "total": 3, "x" * 65: 1, "": 1}
    assert told(shop, asked({"cart": cart})) == (
        [line(boots[0], 1)], {"cart_names_no_item": 3, "key_too_long": 1}
    )  # fmt: skip


def test_quantities_of_zero_or_less_are_left_out_and_huge_ones_cut(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "cart"})
    cart = {boots[0]: 0, boots[1]: -1, boots[2]: 10**8}
    assert told(shop, asked({"cart": cart})) == ([line(boots[2], 100_000)], {})


def test_an_unchanged_cart_costs_no_query(mapped, asked, boots, django_assert_num_queries):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "cart"})
    request = asked({"cart": {boots[1]: 1, boots[2]: 1}})
    with django_assert_num_queries(1):
        first = shop.cart(request)
    with django_assert_num_queries(0):
        assert shop.cart(request) == first == [line(boots[0], 1, boots[1]), line(boots[2], 1)]
    request.session["cart"] = {"999999": 1}
    for _ in range(2):
        with django_assert_num_queries(1):  # it may be new, so it is asked for again
            assert shop.cart(request) == []


def test_what_was_found_is_asked_for_again_after_some_minutes(mapped, asked, boots, monkeypatch):
    shop, request = mapped(PRODUCT=BOOTS, CART={"session": "cart"}), asked({"cart": {boots[1]: 1}})
    assert shop.cart(request) == [line(boots[0], 1, boots[1])]
    Boot._base_manager.filter(pk=boots[1]).update(parent=boots[2])
    assert shop.cart(request) == [line(boots[0], 1, boots[1])]
    monkeypatch.setattr("django_personalize.shop.mapping.REMEMBERED_SECONDS", -1)
    assert shop.cart(request) == [line(boots[2], 1, boots[1])]


# Keys of separate variants


@pytest.fixture
def polo():
    shirt = Shirt.objects.create(name="Polo", slug="polo")
    return str(shirt.pk), str(Cut.objects.create(shirt=shirt, size="S", pk=shirt.pk + 100).pk)


def test_a_cart_may_be_kept_by_the_keys_of_separate_variants(mapped, asked, polo, django_assert_num_queries):
    product = {"model": "odd.Shirt", "variant": "odd.Cut", "group": "shirt"}
    shop = mapped(PRODUCT=product, CART={"session": "cart", "keys": "variant"})
    item, cut = polo
    with django_assert_num_queries(1):
        assert told(shop, asked({"cart": {cut: 2, "999999": 1}})) == (
            [line(item, 2, cut)], {"cart_names_no_item": 1}
        )  # fmt: skip


# Who may be asked, and when


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_session_that_a_safe_page_did_not_look_at_is_not_looked_at(mapped, asked, boots, method):
    for spec in ({"session": "cart"}, {"callable": f"{__name__}.from_session"}, rows(session_value=("cart", "basket"))):
        shop, request = mapped(PRODUCT=BOOTS, CART=spec), asked({"cart": {boots[0]: 1}}, method=method, read=False)
        del request.user
        assert told(shop, request) == (None, {})
        assert (request.session.accessed, request.session.modified) == (False, False)


def test_after_an_unsafe_method_the_session_is_read_and_never_written(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART={"session": "cart"})
    request = asked({"cart": {boots[0]: 1}}, method="post", read=False)
    assert shop.cart(request) == [line(boots[0], 1)]
    assert request.session.modified is False


def test_without_sessions_nobody_can_say(mapped, rf):
    assert mapped(PRODUCT=BOOTS, CART={"session": "cart"}).cart(rf.post("/")) is None
    assert mapped(PRODUCT=BOOTS, CART=rows(session_key="session_key")).cart(rf.post("/")) is None
    assert mapped(PRODUCT=BOOTS).cart(rf.post("/")) is None
    assert mapped(PRODUCT=BOOTS).has_cart is False


# Cookies


@pytest.mark.parametrize("encode", [str, quote])
def test_a_cookie_cart(mapped, asked, boots, encode):
    shop = mapped(PRODUCT=BOOTS, CART={"cookie": "cart"})
    given = encode(json.dumps({boots[1]: {"quantity": 2}}))
    assert told(shop, asked(cookies={"cart": given}, read=False)) == ([line(boots[0], 2, boots[1])], {})
    assert told(shop, asked(cookies={"cart": "{]"})) == (None, {"cart_of_unknown_shape": 1})
    assert told(shop, asked()) == told(shop, asked(cookies={"cart": ""})) == ([], {})


def test_a_cookie_that_this_response_sets_or_deletes_goes_first(mapped, asked, boots):
    shop, request = mapped(PRODUCT=BOOTS, CART={"cookie": "cart"}), asked(cookies={"cart": json.dumps({boots[0]: 1})})
    response = HttpResponse()
    assert shop.cart(request, response=response) == [line(boots[0], 1)]
    response.set_cookie("cart", json.dumps({boots[2]: 2}))
    assert shop.cart(request, response=response) == [line(boots[2], 2)]
    response.delete_cookie("cart")
    assert shop.cart(request, response=response) == []


# Rows


def rows(**spec):
    return {"model": "odd.OrderedBoot", "item": "boot_id", "qty": "quantity", "where": Q(ordered=False), **spec}


def test_the_rows_of_an_account(mapped, asked, boots, django_assert_num_queries):
    shop = mapped(PRODUCT=BOOTS, CART=rows(user="user_id"))
    mia = User.objects.create(username="mia")
    for key, quantity in ((boots[1], 2), (boots[1], 1), (boots[2], 1), (boots[2], 0)):
        OrderedBoot.objects.create(user=mia, boot_id=key, quantity=quantity)
    OrderedBoot.objects.create(user=mia, boot_id=boots[2], ordered=True)
    OrderedBoot.objects.create(boot_id=boots[2])
    with django_assert_num_queries(2):
        assert told(shop, asked(user=mia)) == ([line(boots[0], 3, boots[1]), line(boots[2], 1)], {})
    with django_assert_num_queries(1):  # what the keys stand for is known by now
        shop.cart(asked(user=mia, method="post"))
    assert shop.cart(asked(user=User.objects.create(username="leo"))) == []
    assert shop.cart(asked()) is None  # a guest: nobody can say


def test_rows_that_nobody_touched_are_not_asked_for_on_a_safe_page(mapped, asked, boots, django_assert_num_queries):
    shop = mapped(PRODUCT=BOOTS, CART=rows(user="user_id"))
    mia = User.objects.create(username="mia")
    with django_assert_num_queries(0):
        assert shop.cart(asked(user=mia), touched=False) is None
    with django_assert_num_queries(1):
        assert shop.cart(asked(user=mia, method="post"), touched=False) == []


def test_the_rows_of_a_session(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART=rows(user="user_id", session_key="session_key"))
    request = asked(method="post")
    assert shop.cart(request) == []  # no session yet, so no cart
    request.session.save()
    OrderedBoot.objects.create(session_key=request.session.session_key, boot_id=boots[0])
    OrderedBoot.objects.create(session_key="other", boot_id=boots[2])
    assert shop.cart(request) == [line(boots[0], 1)]


def test_the_rows_that_a_session_names(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART=rows(session_value=("cart_id", "basket")))
    OrderedBoot.objects.create(basket=7, boot_id=boots[0])
    assert told(shop, asked({"cart_id": 7})) == told(shop, asked({"cart_id": "7"})) == ([line(boots[0], 1)], {})
    assert told(shop, asked()) == ([], {})
    assert told(shop, asked({"cart_id": "soup"})) == (None, {"cart_of_unknown_shape": 1})
    assert told(shop, asked({"cart_id": [7]})) == (None, {"cart_of_unknown_shape": 1})


def test_rows_without_quantity_are_pieces(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART=rows(session_value=("cart_id", "basket"), qty=None))
    for _ in range(2):
        OrderedBoot.objects.create(basket=7, boot_id=boots[0], quantity=9)
    assert shop.cart(asked({"cart_id": 7})) == [line(boots[0], 2)]


def test_rows_may_name_a_key_of_several_columns(mapped, asked):
    Tile.objects.create(series="a,b", number=7)
    item = ("session_key", "quantity")
    shop = mapped(PRODUCT={"model": "odd.Tile"}, CART=rows(session_value=("cart_id", "basket"), item=item, qty=None))
    OrderedBoot.objects.create(basket=7, session_key="a,b", quantity=7, boot=Boot._base_manager.create(slug="tall"))
    assert shop.cart(asked({"cart_id": 7})) == [line("a%2Cb,7", 1)]


# Functions


def from_session(request):
    return request.session["cart"]


def nothing(request):
    return None


def pairs(request):
    yield from request.session["cart"].items()


def broken(request):
    raise RuntimeError("no cart today")


def words(request):
    return ["soup"]


def test_a_function_of_the_shop(mapped, asked, boots):
    request = asked({"cart": {boots[1]: 2, boots[2]: 0}})
    for name in ("from_session", "pairs"):
        assert told(mapped(PRODUCT=BOOTS, CART={"callable": f"{__name__}.{name}"}), request) == (
            [line(boots[0], 2, boots[1])], {}
        )  # fmt: skip
    assert told(mapped(PRODUCT=BOOTS, CART={"callable": f"{__name__}.nothing"}), request) == (None, {})


@pytest.mark.parametrize("name", ["broken", "words"])
def test_a_function_that_fails_is_an_unknown_shape_and_stops_nothing(mapped, asked, name, caplog):
    shop = mapped(PRODUCT=BOOTS, CART={"callable": f"{__name__}.{name}"})
    assert told(shop, asked()) == (None, {"cart_of_unknown_shape": 1})
    assert [record.msg for record in caplog.records] == ["cart_unreadable"]


def test_a_function_over_watched_rows_is_asked_only_when_they_changed(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART={"callable": f"{__name__}.from_session", "watch": ["odd.OrderedBoot"]})
    request = asked({"cart": {boots[0]: 1}})
    assert shop.cart(request, touched=False) is None
    assert shop.cart(request) == [line(boots[0], 1)]


# Alternatives


def test_the_first_that_can_say_decides(mapped, asked, boots):
    shop = mapped(PRODUCT=BOOTS, CART=[rows(user="user_id"), {"session": "broken"}, {"cookie": "cart"}])
    cookies = {"cart": json.dumps({boots[2]: 1})}
    mia = User.objects.create(username="mia")
    OrderedBoot.objects.create(user=mia, boot_id=boots[0])
    assert told(shop, asked(cookies=cookies, user=mia)) == ([line(boots[0], 1)], {})
    assert told(shop, asked({"broken": 7}, cookies=cookies)) == ([line(boots[2], 1)], {"cart_of_unknown_shape": 1})


@pytest.mark.parametrize("spec", [{}, {"item": "id"}, {"session": "a", "cookie": "b"}])
def test_a_cart_of_no_kind_or_of_two_is_refused(mapped, asked, spec):
    with pytest.raises(ConfigurationError, match="wanted exactly one of session, cookie, model, callable"):
        mapped(PRODUCT=BOOTS, CART=[spec]).cart(asked())


def test_a_slug_is_a_key(mapped, asked):
    Poster.objects.create(slug="sun")
    shop = mapped(PRODUCT={"model": "odd.Poster"}, CART={"session": "cart"})
    assert shop.cart(asked({"cart": {"sun": 1, "moon": 1}})) == [line("sun", 1)]


def test_a_request_without_a_user_or_a_session_has_no_cart(mapped, boots):
    shop = mapped(PRODUCT=BOOTS, CART=rows(user="user_id"))
    assert shop.cart(SimpleNamespace(method="POST", COOKIES={})) is None


# What a browser may make of its cookie


@pytest.mark.parametrize("quantity", ["1e100000", "1e1000000", "-1e1000000"])
def test_a_quantity_of_a_million_digits_costs_nothing(mapped, asked, boots, quantity):
    shop = mapped(PRODUCT=BOOTS, CART={"cookie": "cart"})
    request = asked(cookies={"cart": json.dumps({boots[0]: quantity})})
    started = time.perf_counter()
    assert told(shop, request) == (None, {"cart_of_unknown_shape": 1})
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("odd", ["\x00", "1\x00", "\ud800"])
def test_text_that_no_database_takes_names_no_item(mapped, asked, boots, odd):
    shop = mapped(PRODUCT=BOOTS, CART={"cookie": "cart", "item": "id", "variant": "v"})
    cart = [{"id": odd, "qty": 1}, {"id": boots[0], "v": odd, "qty": 1}, {"id": [odd, 7], "qty": 1},
            {"id": boots[2], "qty": 1}]  # fmt: skip
    request = asked(cookies={"cart": json.dumps(cart)})
    assert told(shop, request) == ([line(boots[2], 1)], {"cart_names_no_item": 3})


def test_a_variant_is_one_of_its_item_and_no_other_text(mapped, asked, boots):
    a, b, c = boots
    shop = mapped(PRODUCT=BOOTS, CART={"cookie": "cart", "item": "id", "variant": "v"})
    cart = [{"id": a, "v": v, "qty": 1} for v in (b, f"0{b}", c, a, "free text", "x" * 99)]
    assert told(shop, asked(cookies={"cart": json.dumps(cart)})) == ([line(a, 4), line(a, 2, b)], {})
    cart = [{"id": b, "v": "free text", "qty": 1}]
    assert told(shop, asked(cookies={"cart": json.dumps(cart)})) == ([line(a, 1, b)], {})


def test_a_shop_without_variants_has_none_in_its_carts(mapped, asked, boots):
    shop = mapped(PRODUCT={"model": "odd.Boot"}, CART={"cookie": "cart", "variant": "v"})
    cart = json.dumps({boots[0]: {"qty": 1, "v": boots[1]}, boots[1]: {"qty": 1, "v": "free text"}})
    assert told(shop, asked(cookies={"cart": cart})) == ([line(boots[0], 1), line(boots[1], 1)], {})


def test_a_separate_variant_is_one_of_its_item(mapped, asked, polo):
    item, cut = polo
    other = Cut.objects.create(shirt=Shirt.objects.create(name="Tee", slug="tee"), size="M").pk
    product = {"model": "odd.Shirt", "variant": "odd.Cut", "group": "shirt"}
    shop = mapped(PRODUCT=product, CART={"session": "cart", "item": "id", "variant": "v"})
    cart = [{"id": item, "v": v, "qty": 1} for v in (cut, f" {cut}", str(other), "999999", "free text")]
    assert told(shop, asked({"cart": cart})) == ([line(item, 3), line(item, 2, cut)], {})


def test_a_variant_that_only_the_orders_know_is_one_that_there_is(mapped, asked, polo):
    item, cut = polo
    lines = {"model": "odd.SaleLine", "item": "shirt", "variant": "cut_id", "order": "sale", "date": "sale__placed_at"}
    shop = mapped(PRODUCT={"model": "odd.Shirt"}, ORDER_LINES=lines, CART={"session": "cart", "variant": "v"})
    given = {item: int(cut), f"0{item}": "999999", f"00{item}": "soup"}
    cart = {key: {"qty": 1, "v": variant} for key, variant in given.items()}
    assert told(shop, asked({"cart": cart})) == ([line(item, 2), line(item, 1, cut)], {})
    assert told(shop, asked({"cart": [{"v": cut, "qty": 1}]}))[1] == {"cart_of_unknown_shape": 1}


def test_a_key_that_is_written_otherwise_is_no_variant(mapped, asked):
    poster, gadget = Poster.objects.create(slug="007"), Gadget.objects.create(name="Robot")
    boot = Boot._base_manager.create(slug="tall", pk=7)
    shop = mapped(PRODUCT={"model": "odd.Boot"}, CART={"session": "cart"})
    assert told(shop, asked({"cart": {"7": 1, "07": 1, " 7": 1, "\u0667": 1}})) == ([line(str(boot.pk), 4)], {})
    shop = mapped(PRODUCT={"model": "odd.Gadget"}, CART={"session": "cart"})
    assert told(shop, asked({"cart": {gadget.pk.hex: 1, str(gadget.pk): 1}})) == ([line(str(gadget.pk), 2)], {})
    shop = mapped(PRODUCT={"model": "odd.Poster"}, CART={"session": "cart"})
    assert told(shop, asked({"cart": {poster.pk: 1, "7": 1}})) == ([line("007", 1)], {"cart_names_no_item": 1})


# Whose it is


def test_a_cart_ends_with_its_session_or_is_the_accounts(mapped, asked):
    def whose(cart, request):
        shop = mapped(PRODUCT=BOOTS, CART=cart)
        shop.cart(request)
        return shop.cart_in_session(request), shop.cart_of_account(request)

    mia = User.objects.create(username="mia")
    both = rows(user="user_id", session_key="session_key")
    assert whose({"session": "cart"}, asked({"cart": {}}, user=mia)) == (True, False)
    assert whose(both, asked(user=mia)) == (False, True)
    assert whose(both, asked()) == (True, False)
    assert whose(rows(session_value=("cart_id", "basket")), asked(user=mia)) == (True, False)
    assert whose([rows(user="user_id"), {"cookie": "cart"}], asked(user=mia)) == (False, True)
    assert whose([rows(user="user_id"), {"cookie": "cart"}], asked()) == (False, False)
    assert whose({"callable": f"{__name__}.from_session"}, asked({"cart": {}}, user=mia)) == (False, False)
    assert whose({"session": "cart"}, asked({"cart": {}}, read=False)) == (False, False)  # not asked
