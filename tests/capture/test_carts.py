"""Carts over a shop in memory: each test says what the cart holds after a request, and what was made of it."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate, login
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from django_personalize.capture.carts import note_cart
from django_personalize.capture.orders import reconcile
from django_personalize.capture.visit import Visit
from django_personalize.core.types import CartLine
from django_personalize.events import store
from django_personalize.models import Cart, Event, OrderLink, Visitor
from tests.conftest import NOON, line
from tests.people import here, request_of
from tests.shops import user

pytestmark = pytest.mark.django_db


def page(request):
    return HttpResponse(str(request.user) if "greet" in request.GET else "")


def enter(request):
    login(request, authenticate(username="mia", password="pw"))
    return HttpResponse()


urlpatterns = [path("", page), path("in/", enter)]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers, frozen):
    settings.ROOT_URLCONF = __name__
    answers(personalization="granted")


@pytest.fixture
def holds(client, memory_shop):
    """Make a request after which the cart holds these pieces: `holds({"1": 2})`."""

    def request(content, method="post", url="/"):
        memory_shop.basket = [
            CartLine(item_key=key.partition("/")[0], variant_key=key.partition("/")[2], quantity=quantity)
            for key, quantity in content.items()
        ]
        getattr(client, method)(url)

    return request


def told():
    return list(Event.objects.order_by("pk").values_list("kind", "item_key", "item_variant", "quantity"))


def test_the_first_cart_seen_is_only_remembered(holds):
    holds({"1": 2})
    assert told() == []
    assert Cart.objects.get().lines == [["1", "", 2]]


def test_what_comes_and_goes_is_told_by_the_piece_and_by_the_variant(holds):
    holds({"1": 2, "2/red": 1})
    holds({"1": 3, "2/blue": 1})
    assert told() == [("remove_from_cart", "2", "red", 1), ("add_to_cart", "1", "", 1), ("add_to_cart", "2", "blue", 1)]


def test_a_cart_that_stayed_the_same_costs_one_look_and_then_nothing(holds, memory_shop):
    holds({"1": 2})
    changed, cost = Cart.objects.get().changed_at, []
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            holds({"1": 2}, "get")
        cost.append(sum("SAVEPOINT" not in query["sql"] for query in asked))  # those are the test's own
    assert cost == [1, 0, 0]
    assert (told(), Cart.objects.get().changed_at) == ([], changed)


def test_a_cart_that_was_just_the_same_is_compared_again_when_it_is_another(holds):
    holds({"1": 2})
    holds({"1": 2}, "get")
    holds({"1": 3}, "get")
    holds({"1": 2}, "get")
    assert told() == [("add_to_cart", "1", "", 1), ("remove_from_cart", "1", "", 1)]


def test_a_cart_that_nobody_can_tell_is_not_an_empty_one(holds, memory_shop, client):
    holds({"1": 2})
    memory_shop.basket = None
    client.post("/")
    holds({"1": 2})
    assert told() == []


def test_what_another_tab_has_reported_already_is_not_reported_again(holds):
    holds({"1": 1})
    mia = Visitor.objects.get()
    stale = request_of(mia)
    assert mia.cart.lines == [["1", "", 1]]  # as this tab has read it
    holds({"1": 1, "2": 1})
    note_cart(stale, HttpResponse(), here(mia), Visit(), [])
    assert told() == [("add_to_cart", "2", "", 1)]


def test_a_log_in_brings_another_cart_and_nobody_has_put_it_together_now(holds):
    user("mia")
    holds({"1": 1})
    holds({"1": 1, "3": 4}, url="/in/")
    assert told() == [("login", "", "", None)]
    assert Cart.objects.get().lines == [["1", "", 1], ["3", "", 4]]


def test_a_shop_may_merge_the_carts_only_on_the_page_after_the_log_in(holds):
    user("mia")
    holds({"1": 1})
    holds({"1": 1}, url="/in/")
    holds({"1": 1, "3": 4}, "get", "/?greet")
    holds({"1": 1, "3": 5})
    assert told()[1:] == [("add_to_cart", "3", "", 1)]


def test_whoever_adds_right_after_the_log_in_has_added(holds):
    user("mia")
    holds({"1": 1})
    holds({"1": 1}, url="/in/")
    holds({"1": 2})
    assert told()[1:] == [("add_to_cart", "1", "", 1)]


def test_a_log_in_whose_cart_nobody_asked_for_is_settled_on_the_next_page(holds, memory_shop, client):
    user("mia")
    holds({"1": 1})
    memory_shop.basket = None
    client.post("/in/")
    assert Cart.objects.get().unsettled
    holds({"4": 2}, "get", "/?greet")
    holds({"4": 2, "2": 1})
    assert told()[1:] == [("add_to_cart", "2", "", 1)]


def test_a_cart_that_went_with_its_session_was_not_emptied(holds, memory_shop, client):
    memory_shop.basket_of = "session"
    holds({"1": 2})
    holds({}, "get", "/?greet")
    holds({"1": 1})
    assert told() == [("add_to_cart", "1", "", 1)]
    memory_shop.basket_of = "browser"
    holds({}, "get", "/?greet")
    assert told()[1:] == [("remove_from_cart", "1", "", 1)]


def test_all_devices_of_an_account_share_its_cart_and_each_change_is_told_once(holds, memory_shop, client, frozen):
    user("mia")
    memory_shop.basket_of, memory_shop.basket = "account", []
    here, there = client, Client()
    for device in (here, there):
        device.post("/")
        device.post("/in/")
    assert Visitor.objects.filter(user_key=Visitor.objects.first().user_key).count() == 2

    def puts(device, content):
        frozen(timedelta(seconds=1))
        memory_shop.basket = [CartLine(item_key=key, quantity=quantity) for key, quantity in content.items()]
        device.post("/")

    puts(here, {"1": 1})
    puts(there, {"1": 1})
    puts(there, {"1": 1, "2": 1})
    puts(here, {"1": 1})
    assert told()[-3:] == [
        ("add_to_cart", "1", "", 1),
        ("add_to_cart", "2", "", 1),
        ("remove_from_cart", "2", "", 1),
    ]
    assert sum(kind != "login" for kind, *_ in told()) == 3


def test_an_order_that_a_provider_made_for_an_account_has_emptied_its_cart(holds, memory_shop, frozen):
    mia = user("mia")
    holds({"1": 2})
    holds({"1": 2}, url="/in/")
    memory_shop.orders = [line("1", "A", "1", quantity=2, user_key=str(mia.pk), placed_at=NOON)]
    frozen(timedelta(seconds=1))
    reconcile()
    holds({})
    assert [kind for kind, *_ in told()] == ["login", "purchase"]
    assert OrderLink.objects.get().cart_emptied
    holds({"1": 1})
    holds({})
    assert [kind for kind, *_ in told()][2:] == ["add_to_cart", "remove_from_cart"]


def test_what_could_not_be_written_is_found_again(holds, memory_shop, monkeypatch):
    holds({"1": 1})
    with monkeypatch.context() as broken:
        broken.setattr(store, "insert_events", full)
        holds({"1": 2})
    assert Cart.objects.get().lines == [["1", "", 1]]
    holds({"1": 2}, "get")
    assert told() == [("add_to_cart", "1", "", 1)]


def full(*args, **kwargs):
    raise OperationalError("disk full")


def test_what_was_put_in_without_a_yes_is_not_told_at_the_next_one(holds, answers):
    holds({"1": 1})
    answers(personalization="unknown")
    holds({"1": 1, "2": 1})
    assert not Cart.objects.exists()
    answers(personalization="granted")
    holds({"1": 1, "2": 1})
    holds({"1": 1, "2": 1, "3": 1})
    assert told() == [("add_to_cart", "3", "", 1)]


def test_what_was_bought_now_was_not_taken_out(holds, memory_shop):
    holds({"1": 2, "2": 1, "3": 1})
    mia = Visitor.objects.select_related("cart").get()
    memory_shop.basket = [CartLine(item_key="3", quantity=1)]
    request = request_of(mia)
    note_cart(request, HttpResponse(), here(mia), Visit(), [line("1", "A", "1", quantity=2)])
    assert told() == [("remove_from_cart", "2", "", 1)]
    assert Cart.objects.get().lines == [["3", "", 1]]


def test_a_cart_that_is_emptied_on_the_page_after_the_payment_was_bought(holds, memory_shop, frozen):
    holds({"1": 2})
    OrderLink.objects.create(order_key="A", visitor=Visitor.objects.get(), linked_at=NOON)
    memory_shop.orders = [line("1", "A", "1", quantity=2, sold=False)]
    frozen(timedelta(hours=1))
    holds({})
    assert told() == []
    assert OrderLink.objects.get().cart_emptied
    holds({"1": 1})
    holds({})
    assert told() == [("add_to_cart", "1", "", 1), ("remove_from_cart", "1", "", 1)]


def test_what_a_provider_reported_as_paid_was_bought_even_if_the_next_thing_is_an_add(holds, memory_shop):
    holds({"1": 2, "2": 1})
    OrderLink.objects.create(order_key="A", visitor=Visitor.objects.get(), linked_at=NOON)
    memory_shop.orders = [line("1", "A", "1", quantity=2), line("2", "A", "2")]
    holds({"1": 1})
    assert told() == [("add_to_cart", "1", "", 1)]
    holds({})
    assert told()[1:] == [("remove_from_cart", "1", "", 1)]


def test_an_unpaid_order_may_be_the_cart_itself_and_hides_no_removal(holds, memory_shop):
    holds({"1": 3, "2": 1})
    OrderLink.objects.create(order_key="A", visitor=Visitor.objects.get(), linked_at=NOON)
    memory_shop.orders = [line("1", "A", "1", quantity=2, sold=False), line("2", "A", "2", sold=False)]
    holds({"1": 2, "2": 1})
    assert told() == [("remove_from_cart", "1", "", 1)]


def test_what_was_bought_at_one_go_was_not_in_the_cart(holds, memory_shop):
    holds({"1": 3, "2": 1})
    mia = Visitor.objects.select_related("cart").get()
    memory_shop.basket = [CartLine(item_key="1", quantity=3)]
    request = request_of(mia)
    note_cart(request, HttpResponse(), here(mia), Visit(), [line("1", "A", "1", quantity=1)])
    assert told() == [("remove_from_cart", "2", "", 1)]


def test_a_cart_that_is_emptied_days_after_an_order_was_emptied_by_the_shopper(holds, memory_shop, frozen):
    holds({"1": 2})
    OrderLink.objects.create(order_key="A", visitor=Visitor.objects.get(), linked_at=NOON)
    memory_shop.orders = [line("1", "A", "1", quantity=2)]
    frozen(timedelta(days=1, seconds=1))
    holds({})
    assert told() == [("remove_from_cart", "1", "", 2)]


def test_a_cart_that_cannot_be_read_breaks_no_page_and_no_other_note(client, memory_shop, caplog, settings):
    holds_nothing = settings.PERSONALIZE | {"SHOP": f"{__name__}.BrokenShop"}
    settings.PERSONALIZE = holds_nothing
    assert client.post("/").status_code == 200
    assert [(record.msg, record.step) for record in caplog.records] == [("step_failed", "cart")]
    assert Visitor.objects.exists()


class BrokenShop:
    has_cart = True

    def watched(self):
        return []

    def cart(self, request, **kwargs):
        raise ImproperlyConfigured("broken")

    def scope(self, request):
        return ""
