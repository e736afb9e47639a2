"""What could go wrong in a shop because of us, each tried in a shop in which it would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from django_personalize.core.types import Batch, Reference, Watched
from django_personalize.models import Event, OrderLink, Visitor
from django_personalize.shop.mapping import MappedShop
from django_personalize.visitors import cookie
from tests.small_shops.conftest import accept
from tests.small_shops.opening import CACHED, PERSONAL, PLAIN, SHOPS, personal, told

pytestmark = pytest.mark.django_db
OURS = "django_personalize.middleware.PersonalizeMiddleware"


# The session.


def writes_the_session(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """What we must never do."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        request.session["seen"] = True
        return response

    return middleware


@pytest.mark.parametrize(("middleware", "status"), [(PERSONAL, 200), ([*PLAIN, f"{__name__}.writes_the_session"], 500)])
def test_a_session_that_cannot_be_saved_is_not_saved_because_of_us(
    middleware: list[str], status: int, open_shop: Any
) -> None:
    """The cart page leaves products and decimals in the session; the control shows that a single write is fatal."""
    from tests.small_shops.session_shop.models import Product

    open_shop("session_shop", MIDDLEWARE=middleware)
    client = Client(raise_request_exception=False)
    accept(client)
    client.post(f"/cart/add/{Product.objects.get(name='Lamp').pk}/", {"quantity": 1})
    assert client.get("/cart/").status_code == status


# Caches.


@pytest.mark.parametrize("name", ["drf_shop", "composite"])
@pytest.mark.parametrize(
    "middleware",
    [
        pytest.param(CACHED, id="we-are-outside"),
        pytest.param([*[each for each in CACHED if each != OURS], OURS], id="we-are-inside"),
    ],
)
def test_no_cached_page_hands_one_visitors_id_to_another(name: str, middleware: list[str], open_shop: Any) -> None:
    """Pages that look at no session, so that a cache may keep them."""
    open_shop(name, MIDDLEWARE=middleware)
    mia, leo, stranger = Client(), Client(), Client()
    for client in (mia, leo):
        accept(client)
    bodies = set()
    for client in (mia, leo, stranger, mia):
        page = client.get("/")
        bodies.add((page.status_code, page.content))
        assert "max-age=600" in page["Cache-Control"]
        assert not {cookie.NAME, cookie.LEAVE} & set(page.cookies)
    assert len(bodies) == 1
    assert mia.cookies[cookie.NAME].value != leo.cookies[cookie.NAME].value
    assert cookie.NAME not in stranger.cookies
    assert Visitor.objects.count() == 2


def test_an_answer_is_no_page_that_a_cache_keeps(open_shop: Any) -> None:
    open_shop("drf_shop")
    answered = Client().post("/cookies/accept/", {"all_groups": "true"})
    assert cookie.NAME in answered.cookies
    assert {"no-store", "private"} <= set(answered["Cache-Control"].replace(" ", "").split(","))


PAGES = {
    "session_shop": "/",
    "order_is_cart": "/product/linen-shirt/",
    "cookie_shop": "/",
    "keyed_by_session": "/",
    "uuid_variants": "/",
    "translated": "/en/",
    "drf_shop": "/",
    "composite": "/articles/ACME/7/",
}


@pytest.mark.parametrize("name", SHOPS)
def test_a_page_varies_by_the_cookie_only_where_the_shop_itself_looked_at_the_session(
    name: str, open_shop: Any, settings: Any
) -> None:
    open_shop(name)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]  # the shop's own pages, without a personal row
    client, plain = Client(), Client()
    accept(client)
    with_us = client.get(PAGES[name])
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != OURS]
    without_us = plain.get(PAGES[name])
    headers = ("Vary", "Cache-Control", "Expires")
    assert [with_us.get(header) for header in headers] == [without_us.get(header) for header in headers]
    assert set(with_us.cookies) == set(without_us.cookies)


@pytest.mark.parametrize("name", SHOPS)
def test_a_page_for_somebody_without_a_yes_costs_no_query(name: str, open_shop: Any, settings: Any) -> None:
    open_shop(name)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    sent = []
    for middleware in (settings.MIDDLEWARE, [each for each in settings.MIDDLEWARE if each != OURS]):
        settings.MIDDLEWARE = middleware
        client = Client()
        client.get(PAGES[name])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGES[name]).status_code == 200
        sent.append(sum("SAVEPOINT" not in query["sql"] for query in queries))  # those are the test's own
    assert sent[0] == sent[1]


# The shop's transaction.


class InTheView:
    """Middleware next to the view: what is sent between is sent during the view, and so in its transaction."""

    sent: list[str] = []

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            self.sent.append(sql)
            return execute(sql, params, many, context)

        self.sent.clear()
        with connection.execute_wrapper(note):
            return self.get_response(request)


def fill_cart(client: Client, count: int = 1) -> None:
    from tests.small_shops.uuid_variants.models import Variant

    for _ in range(count):
        client.post(f"/cart/add/{Variant.objects.get(size='41').pk}/")


def check_out(client: Client) -> Any:
    return client.post("/check-out/", {"email": "mia@example.com"})


@pytest.mark.parametrize("atomic_requests", [False, True])
def test_a_checkout_sends_the_same_queries_with_us_and_without(
    atomic_requests: bool, open_shop: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop("uuid_variants")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic_requests)
    sent = {}
    for middleware in (PERSONAL, PLAIN):
        settings.MIDDLEWARE = [*middleware, f"{__name__}.InTheView"]
        client = Client()
        accept(client)
        fill_cart(client)
        assert check_out(client).status_code == 302
        assert [sql.startswith("SAVEPOINT") for sql in InTheView.sent[:2]] == [True, atomic_requests]
        sent[len(middleware)] = [sql for sql in InTheView.sent if "SAVEPOINT" not in sql]
    with_us, without_us = sent[len(PERSONAL)], sent[len(PLAIN)]
    assert with_us == without_us
    assert any("INSERT" in sql and "uuid_variants_orderline" in sql for sql in with_us)
    assert not any("personalize" in sql for sql in with_us)


@pytest.mark.parametrize("atomic_requests", [False, True])
def test_a_checkout_that_is_rolled_back_leaves_nothing(
    atomic_requests: bool, open_shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.small_shops.uuid_variants.models import Order, Variant

    open_shop("uuid_variants")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic_requests)
    client = Client(raise_request_exception=False)
    accept(client)
    fill_cart(client, 2)
    Variant.objects.filter(size="41").update(stock=1)
    orders, events = Order.objects.count(), told("uuid_variants")
    assert check_out(client).status_code == 500
    client.get("/cart/")
    assert Order.objects.count() == orders
    assert not OrderLink.objects.exists()
    assert told("uuid_variants") == events == [("add_to_cart", "Hiking boots/41", 1)] * 2


class BrokenSink:
    """A sink whose database does not know our tables."""

    def write(self, batch: Batch) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM there_is_no_such_table")
        return 0


class BrokenWatch(MappedShop):
    """An adapter whose reading of a row fails, and which finds no order."""

    def watched(self) -> list[Watched]:
        def refer(row: Any, created: bool) -> Reference:
            raise LookupError("This row means nothing to me.")

        return [Watched(model=each.model, refer=refer) for each in super().watched()]


class BrokenLines(MappedShop):
    """An adapter whose query fails in the database."""

    def lines(self, **kwargs: Any) -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM there_is_no_such_table")
        yield from ()


@pytest.mark.parametrize("broken", [{"SINK": BrokenSink}, {"SHOP": BrokenWatch}, {"SHOP": BrokenLines}])
def test_what_fails_on_our_side_costs_the_shop_nothing(
    broken: dict[str, type], open_shop: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.small_shops.uuid_variants.models import Order

    open_shop("uuid_variants")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    before = Order.objects.count()
    settings.PERSONALIZE = settings.PERSONALIZE | {key: f"{__name__}.{it.__name__}" for key, it in broken.items()}
    client = Client()
    accept(client)
    fill_cart(client)
    assert check_out(client).status_code == 302
    assert client.get("/cart/").status_code == 200
    assert Order.objects.count() == before + 1  # and the transaction around this test still answers
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM there_is_no_such_table")


# What passes through.

consumed: list[int] = []


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        for part in range(3):
            consumed.append(part)
            yield f"part {part}\n"

    return StreamingHttpResponse(parts(), content_type="text/html")


def fails(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise RuntimeError("The shop's own fault.")


def own_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse("The shop's own error page.", status=500)


handler500 = own_error
urlpatterns = [
    path("stream/", stream),
    path("fails/", fails),
    path("", include("tests.small_shops.composite.urls_personal")),
]


def test_a_streamed_answer_is_neither_read_nor_changed(open_shop: Any) -> None:
    open_shop("composite", ROOT_URLCONF=__name__)
    client = Client()
    accept(client)
    consumed.clear()
    response = client.get("/stream/")
    assert consumed == []
    assert response.streaming
    assert b"".join(response.streaming_content) == b"part 0\npart 1\npart 2\n"


def test_an_error_of_the_shops_is_the_shops(open_shop: Any, settings: Any) -> None:
    open_shop("composite", ROOT_URLCONF=__name__)
    client = Client(raise_request_exception=False)
    accept(client)
    response = client.get("/fails/")
    assert (response.status_code, response.content) == (500, b"The shop's own error page.")
    with pytest.raises(RuntimeError, match="own fault"):
        Client().get("/fails/")
    assert not Event.objects.exists()


def test_a_product_page_that_fails_is_no_view(open_shop: Any) -> None:
    """Two products of one slug: the shop itself cannot tell which is meant."""
    open_shop("order_is_cart")
    client = Client(raise_request_exception=False)
    accept(client)
    assert client.get("/product/coat/").status_code == 500
    assert client.get("/product/linen-shirt/").status_code == 200
    assert told("order_is_cart") == [("view_item", "Linen shirt", None)]


@pytest.mark.parametrize(
    ("method", "headers", "seen"),
    [
        ("get", {}, True),
        ("head", {}, False),
        ("get", {"Sec-Purpose": "prefetch"}, False),
        ("get", {"Sec-Purpose": "prefetch;prerender"}, False),
        ("get", {"Purpose": "prefetch"}, False),
    ],
)
def test_only_a_page_that_somebody_asked_for_is_a_view(
    method: str, headers: dict[str, str], seen: bool, open_shop: Any
) -> None:
    from tests.small_shops.session_shop.models import Product

    open_shop("session_shop")
    client = Client()
    accept(client)
    page = getattr(client, method)(Product.objects.get(name="Lamp").get_absolute_url(), headers=headers)
    assert page.status_code == 200
    assert told("session_shop") == ([("view_item", "Lamp", None)] if seen else [])


def test_a_page_that_is_not_there_is_no_view_and_no_search(open_shop: Any) -> None:
    from tests.small_shops.session_shop.models import Product

    open_shop("session_shop")
    client = Client()
    accept(client)
    hidden = Product.objects.get(name="Torch").get_absolute_url()
    for url in (hidden, f"{hidden}?q=torch", "/no-such-category/?q=torch", "/0/nothing/"):
        assert client.get(url).status_code == 404
    assert told("session_shop") == []


def test_an_answer_in_json_is_no_view(open_shop: Any, settings: Any) -> None:
    from tests.small_shops.drf_shop.models import Product

    open_shop("drf_shop")
    settings.PERSONALIZE = settings.PERSONALIZE | {
        "CAPTURE": "server",
        "PRODUCT": settings.PERSONALIZE["PRODUCT"] | {"url": ("drf_shop:product", "pk", "pk")},
    }
    client = Client()
    accept(client)
    kite = Product.objects.get(name="Kite")
    assert client.get(f"/api/products/{kite.pk}/").json()["name"] == "Kite"
    assert client.get("/api/products/?search=kite").json()[0]["name"] == "Kite"
    assert told("drf_shop") == []


# Staff.


def boss() -> Any:
    user = get_user_model().objects.create_superuser("boss", password="pw")
    client = Client()
    accept(client)
    client.post("/admin/login/", {"username": "boss", "password": "pw"})
    return client, user


def test_what_staff_do_in_the_admin_is_not_theirs(open_shop: Any) -> None:
    from tests.small_shops.order_is_cart.models import Item, Order, OrderItem

    open_shop("order_is_cart")
    client, _ = boss()
    member = get_user_model().objects.get(username="member3")
    item = Item.objects.get(title="Linen shirt")
    client.post(
        "/admin/order_is_cart/orderitem/add/",
        {"user": member.pk, "item": item.pk, "quantity": 1, "ordered": "on"},
    )
    line = OrderItem.objects.latest("pk")
    client.post(
        "/admin/order_is_cart/order/add/",
        {
            "user": member.pk,
            "items": [line.pk],
            "ordered": "on",
            "ref_code": "by-phone",
            "ordered_date_0": "2026-03-01",
            "ordered_date_1": "12:00:00",
        },
    )
    assert Order.objects.filter(ref_code="by-phone").exists()
    client.get(f"/admin/order_is_cart/item/?q={item.title}")
    assert not OrderLink.objects.exists()
    assert list(Event.objects.values_list("kind", "visitor")) == [("purchase", None)]


def test_what_staff_do_in_a_back_office_of_the_shops_own_is_not_theirs(open_shop: Any) -> None:
    from tests.small_shops.uuid_variants.models import Order

    open_shop("uuid_variants")
    get_user_model().objects.create_user("packer", password="pw", is_staff=True)
    client = Client()
    accept(client)
    client.post("/login/", {"username": "packer", "password": "pw"})
    order = Order.objects.get(payments__status="P", status="sent", email="4@example.com")
    client.post("/payments/told/", {"order": str(order.pk), "status": "C"}, content_type="application/json")
    assert not OrderLink.objects.exists()
    assert set(Event.objects.filter(kind="purchase").values_list("transaction_id", "visitor")) == {
        (str(order.pk), None)
    }


def test_the_settings_of_every_shop_are_their_own() -> None:
    assert len({personal(name)["PRODUCT"]["model"] for name in SHOPS}) == len(SHOPS)
