"""What the store's pages show once it has learnt from its orders."""

from __future__ import annotations

import re

import pytest
from django.test import Client, override_settings

from django_personalize.artifacts import store as artifacts
from django_personalize.capture.orders import reconcile
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.training.run import train
from tests.conftest import undone
from tests.stores.salesman import fill, plain
from tests.stores.salesman.shop.models import Accessory, Phone
from tests.stores.salesman.shopping import cost, log_in


@pytest.fixture(scope="module")
def learnt(django_db_setup, django_db_blocker):
    """A store that has read its orders and learnt from them; the rows are undone after the module."""
    with django_db_blocker.unblock(), undone():
        fill.stock()
        fill.orders()
        create_groups()
        reconcile()
        yield train()


@pytest.fixture(autouse=True)
def _learnt(learnt, db):
    artifacts.forget()


def shown(html: str, placement: str) -> list[str]:
    """The addresses of the cards in one row; none where the page has no such row."""
    section = html.partition(f'"{placement}"')[2].partition("</section>")[0]
    return re.findall(r'href="([^"]+)"', section)


def test_every_phone_and_case_that_was_bought_shows_what_was_bought_with_it(client, learnt):
    assert learnt.status == "live"
    pages = [*Phone.objects.filter(is_active=True), *Accessory.objects.all()]
    sold = {each.get_absolute_url() for each in pages}
    for thing in pages:
        html = client.get(thing.get_absolute_url()).content.decode()
        also = [url for row in ("frequently-bought-together", "you-may-also-like") for url in shown(html, row)]
        assert len(also) >= 4
        assert set(also) < sold - {thing.get_absolute_url()}
        assert len(also) == len(set(also))


def test_a_phone_is_bought_with_cases_of_its_kind(client):
    html = client.get("/phones/outdoor-phone-1/").content.decode()
    together = [client.get(url).context["object"].category.name for url in shown(html, "frequently-bought-together")]
    assert together.count("Outdoor") > together.count("Office") + together.count("Photo")


def test_a_card_costs_what_it_costs_whoever_asks(client):
    Accessory.objects.update(price=70)
    page = Phone.objects.first().get_absolute_url()
    assert "70.00" in client.get(page).content.decode()
    log_in(client, "mia")
    html = client.get(page).content.decode()
    assert "63.00" in html
    assert "70.00" not in html


@pytest.mark.parametrize("thing", [Phone, Accessory])
def test_a_row_costs_what_reading_its_items_costs(thing):
    page = thing.objects.filter(is_active=True).first().get_absolute_url()
    with override_settings(TEMPLATES=plain.TEMPLATES):
        without = cost(Client(), page)
    phones_and_their_variants_and_accessories, rows = 3, 2
    assert cost(Client(), page) - without == rows * phones_and_their_variants_and_accessories
