"""Orders that a request touched: brought in line at once, and tied to whoever made them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory
from django.urls import resolve

from django_personalize.capture.live import follow_orders
from django_personalize.capture.visit import LIMIT, Visit, current, visiting
from django_personalize.core.types import Reference
from django_personalize.models import Cart, Event, OrderLink
from tests.conftest import NOON, line
from tests.people import here, request_of, visitor
from tests.shops import bought, order, product, user

pytestmark = pytest.mark.django_db


def request(of=None, url="/", **changes):
    made = request_of(of, url=url, **changes)
    made.resolver_match = resolve(url)
    made.session = SessionStore()
    made.session.accessed = True
    return made


def touched(*keys, created=False):
    visit = Visit()
    for key in keys:
        visit.refer(Reference("", key, created))
    return visit


def purchases():
    return list(Event.objects.order_by("pk").values_list("kind", "transaction_id", "visitor_id", "quantity"))


def test_an_order_made_now_is_tied_to_whoever_made_it(memory_shop):
    memory_shop.orders = [line("1", "A", "1"), line("2", "B", "1")]
    mia = visitor("personalization")
    lines = follow_orders(request(mia), touched("A", created=True), here(mia))
    assert [each.order_key for each in lines] == ["A"]
    assert purchases() == [("purchase", "A", mia.pk, 1)]
    assert list(OrderLink.objects.values_list("order_key", "visitor_id")) == [("A", mia.pk)]


@pytest.mark.parametrize("purposes", [(), ("analytics",)])
def test_without_a_yes_to_personalization_the_basket_is_nobodys(memory_shop, purposes):
    memory_shop.orders = [line("1", "A", "1")]
    who = visitor(*purposes) if purposes else None
    follow_orders(request(who), touched("A", created=True), here(who) if who else None)
    assert purchases() == [("purchase", "A", None, 1)]
    assert not OrderLink.objects.exists()  # no key joins one order to another


def test_a_number_that_is_used_again_is_not_the_former_buyers(memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    mia, leo = visitor("personalization"), visitor("personalization")
    follow_orders(request(mia), touched("A", created=True), here(mia))
    follow_orders(request(leo), touched("A", created=True), here(leo))
    assert purchases() == [("purchase", "A", leo.pk, 1)]
    follow_orders(request(), touched("A", created=True), None)
    assert purchases() == [("purchase", "A", None, 1)]


def test_a_payment_that_arrives_later_in_nobodys_request_finds_the_buyer(memory_shop):
    memory_shop.orders = [line("1", "A", "1", sold=False)]
    mia = visitor("personalization")
    follow_orders(request(mia), touched("A", created=True), here(mia))
    assert purchases() == []
    memory_shop.orders = [line("1", "A", "1")]
    follow_orders(request(), touched("A"), None)
    assert purchases() == [("purchase", "A", mia.pk, 1)]


@pytest.mark.parametrize(("cart", "theirs"), [([["1", "", 1], ["2", "", 1]], True), ([["1", "", 1]], False)])
def test_a_guests_order_begun_before_the_yes_is_theirs_where_their_cart_held_all_of_it(memory_shop, cart, theirs):
    memory_shop.orders = [line("1", "A", "1"), line("2", "A", "2")]
    mia = visitor("personalization")
    Cart.objects.create(visitor=mia, lines=cart, changed_at=NOON)
    follow_orders(request(mia), touched("A"), here(mia))
    assert purchases() == [("purchase", "A", mia.pk if theirs else None, 1)] * 2


def test_whoever_confirms_a_strangers_order_does_not_become_the_stranger(memory_shop):
    memory_shop.orders = [line("1", "A", "1", sold=False)]
    follow_orders(request(), touched("A", created=True), None)
    memory_shop.orders = [line("1", "A", "1")]
    seller = visitor("personalization")
    follow_orders(request(seller), touched("A"), here(seller))
    assert purchases() == [("purchase", "A", None, 1)]
    assert not OrderLink.objects.exists()


def test_a_shop_without_accounts_has_orders_all_the_same(memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    mia = visitor("personalization")
    made = request(mia)
    del made.user
    follow_orders(made, touched("A", created=True), here(mia))
    assert purchases() == [("purchase", "A", mia.pk, 1)]


def test_an_old_order_that_somebody_touches_is_not_theirs(memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    follow_orders(request(), touched("A"), None)
    mia = visitor("personalization")
    follow_orders(request(mia), touched("A"), here(mia))
    assert purchases() == [("purchase", "A", None, 1)]


def test_an_order_for_somebody_elses_account_is_not_tied_to_this_browser(memory_shop):
    memory_shop.orders = [line("1", "A", "1", user_key="99")]
    mia = visitor("personalization")
    follow_orders(request(mia), touched("A", created=True), here(mia))
    assert purchases() == [("purchase", "A", None, 1)]


@pytest.mark.parametrize("url", ["/", "/admin/login/"])
def test_staff_at_work_places_orders_for_others(memory_shop, url):
    memory_shop.orders = [line("1", "A", "1")]
    boss = user("boss")
    boss.is_staff = True
    mia = visitor("personalization")
    follow_orders(
        request(mia, url=url, user=boss if url == "/" else AnonymousUser()), touched("A", created=True), here(mia)
    )
    assert purchases() == [("purchase", "A", None, 1)]


def test_what_came_back_and_what_is_no_longer_sold_follow_at_once(memory_shop):
    memory_shop.orders = [line("1", "A", "1", quantity=3), line("2", "A", "2")]
    follow_orders(request(), touched("A"), None)
    memory_shop.orders = [line("1", "A", "1", quantity=3, cancelled_quantity=1)]
    follow_orders(request(), touched("A"), None)
    assert purchases() == [("purchase", "A", None, 3), ("refund", "A", None, 1)]
    memory_shop.orders = [line("1", "A", "1", quantity=3, sold=False)]
    follow_orders(request(), touched("A"), None)
    assert purchases() == []


def test_signals_are_noted_without_a_query_and_only_while_a_request_is_answered(django_assert_num_queries):
    thing = product("Lantern")
    with visiting() as visit:
        placed = order("A-1")
        placed_line = bought(placed, thing, quantity=1)
        notes = set(visit.references)
    assert {reference.created for reference in notes} == {True, False}
    assert current() is None
    placed_line.save()
    placed_line.order.save()
    assert visit.references == notes
    with visiting() as other, django_assert_num_queries(1):
        placed.save(update_fields=["status"])
    assert len(other.references) == 1


def test_a_request_that_touches_very_many_orders_leaves_them_to_the_next_sync():
    visit = touched(*(str(number) for number in range(LIMIT + 5)))
    assert len(visit.references) == LIMIT


def test_rows_loaded_raw_by_a_fixture_are_not_noted():
    from django.db.models.signals import post_save

    from example_shop.shop.models import Order

    placed = order("A-1")
    with visiting() as visit:
        post_save.send(Order, instance=placed, created=True, raw=True, using="default")
    assert visit.references == set()


def test_every_receiver_survives_a_request_without_a_user(memory_shop):
    memory_shop.orders = [line("1", "A", "1")]
    made = RequestFactory().get("/")
    made.resolver_match = None
    follow_orders(made, touched("A", created=True), None)
    assert purchases() == [("purchase", "A", None, 1)]
