"""A shopper of the example shop who has a past, and what they see after switching it off or having it erased."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from django_personalize.capture.orders import reconcile
from django_personalize.models import Decision, Event, Visitor
from example_shop.shop.models import Product
from tests.journeys.test_personal_shop import _fresh, accept, learnt, log_in
from tests.privacy.canaries import dump

__all__ = ["_fresh", "learnt"]
PAGES = ("/", "product", "/search/?q=toys")
SWITCH = "/personalize/my-data/switch/"


def address(page):
    return Product.objects.get(slug="toys-3").get_absolute_url() if page == "product" else page


def bare(client, page):
    """The page without its CSRF tokens, which differ from request to request."""
    body = client.get(address(page)).content.decode()
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]*', r"\1", body)


def stranger():
    """Somebody who said no to everything; so nobody asks them either."""
    client = Client()
    client.post("/cookies/decline/", {"all_groups": "true"})
    return client


@pytest.fixture
def guest(client):
    """A guest who said yes to personal pages and looked around."""
    accept(client, "personalization")
    client.post("/cookies/decline/", {"cookie_groups": ["analytics"]})
    for product in Product.objects.filter(category__name="Toys")[:4]:
        client.get(product.get_absolute_url())
    return client


@pytest.mark.parametrize("to", ["pause", "object"])
@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_then_a_strangers_byte_for_byte(guest, to, page):
    if page == "/":
        assert bare(guest, page) != bare(stranger(), page)
    guest.post(SWITCH, {"to": to})
    assert bare(guest, page) == bare(stranger(), page)


@pytest.mark.parametrize(("off", "on"), [("pause", "resume"), ("object", "allow")])
def test_taken_back_it_is_theirs_again(guest, off, on):
    guest.post(SWITCH, {"to": off})
    guest.post(SWITCH, {"to": on})
    assert "Because" in guest.get("/").content.decode()


def test_with_statistics_only_the_decisions_id_tells_an_objector_from_a_stranger(client):
    accept(client, "personalization", "analytics")
    for product in Product.objects.filter(category__name="Toys")[:4]:
        client.get(product.get_absolute_url())
    client.post(SWITCH, {"to": "object"})
    page = re.sub(r' data-pz-decision="[^"]*"', "", bare(client, "/"))
    assert page == bare(stranger(), "/")


def test_while_paused_nothing_is_written(guest):
    guest.post(SWITCH, {"to": "pause"})
    before = (Event.objects.count(), Decision.objects.count(), Visitor.objects.count())
    for page in PAGES:
        guest.get(address(page))
    guest.post("/i18n/setlang/", {"language": "en"})
    assert (Event.objects.count(), Decision.objects.count(), Visitor.objects.count()) == before
    guest.post(SWITCH, {"to": "resume"})
    guest.get(address("product"))
    assert Event.objects.count() > before[0]


def test_a_customer_looks_at_their_data_and_is_forgotten_for_good(client):
    log_in(client, 2)
    accept(client, "personalization", "analytics")
    me = Visitor.objects.get()
    assert Event.objects.filter(visitor=me, kind="purchase").exists()
    orders = set(Event.objects.filter(visitor=me).values_list("transaction_id", flat=True)) - {""}
    page = client.get("/personalize/my-data/").content.decode()
    assert "Toys" in page
    assert "bought" in page
    client.post("/personalize/my-data/forget/")
    reconcile()
    left = dump()
    assert me.pk.hex not in left
    assert not Event.objects.filter(transaction_id__in=orders).exists()
    assert "Nothing is kept about you." in client.get("/personalize/my-data/").content.decode()


@pytest.mark.parametrize("to", ["pause", "object"])
def test_what_is_switched_off_on_one_device_is_so_on_the_next_page_of_another(client, to):
    phone = Client()
    for each in (client, phone):
        log_in(each, 2)
        accept(each, "personalization")
        each.post("/cookies/decline/", {"cookie_groups": ["analytics"]})
    nobody = stranger()
    log_in(nobody, 2)
    assert bare(phone, "/") != bare(nobody, "/")
    client.post(SWITCH, {"to": to})
    before = (Event.objects.count(), Decision.objects.count())
    for page in PAGES:
        assert bare(phone, page) == bare(nobody, page)
    assert (Event.objects.count(), Decision.objects.count()) == before
    client.post(SWITCH, {"to": {"pause": "resume", "object": "allow"}[to]})
    assert bare(phone, "/") != bare(nobody, "/")
