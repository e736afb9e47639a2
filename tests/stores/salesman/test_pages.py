"""The store's own pages beside those of the plain store: what they cost, and what they tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import checks
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response

from django_personalize.conf import settings as ours
from django_personalize.shop.detection import ready
from django_personalize.shortcuts import track
from django_personalize.testing.override import override_personalize
from tests.stores.salesman import plain
from tests.stores.salesman.personal.urls import urlpatterns as own_urls
from tests.stores.salesman.shop.models import Accessory, Phone
from tests.stores.salesman.shopping import accept, cost, key, told

MEMORY = "django_personalize.testing.doubles.MemorySink"
HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[2] / "docs" / "salesman.md"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("thing", [Phone, Accessory])
def test_a_product_page_costs_no_query_more_with_a_yes_or_without(store, thing):
    page = thing.objects.first().get_absolute_url()
    with override_settings(MIDDLEWARE=plain.MIDDLEWARE, TEMPLATES=plain.TEMPLATES, ROOT_URLCONF=plain.ROOT_URLCONF):
        without = cost(Client(), page)
    # Like this sink, the default one asks the database for nothing while a page is made.
    with override_settings(TEMPLATES=plain.TEMPLATES), override_personalize(SINK=MEMORY):
        visitor = Client()
        accept(visitor)
        assert (cost(Client(), page) - without, cost(visitor, page) - without) == (0, 0)
        assert [each.kind for each in ours.sink.stored.values()] == ["view_item"] * 2


def test_no_migration_appears_and_no_check_complains(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    found = checks.run_checks()
    assert [message for message in found if message.id.startswith("personalize.")] == []


def test_the_set_up_proposes_the_very_lines_that_the_store_adds(db, capsys):
    wanted = {name: django_settings.PERSONALIZE[name] for name in ("SHOP", "PRODUCT")}
    with override_settings(PERSONALIZE={}):
        assert ready.setting() == wanted
        with pytest.raises(SystemExit):
            call_command("personalize_setup", "--noinput")
    output = capsys.readouterr().out
    assert output.startswith("A ready adapter fits this shop; it needs no mapping.\n")
    made = {}
    exec(output.split("begin", 1)[1].split("\n", 1)[1].split("# --- for the settings: end")[0], made)
    assert made["PERSONALIZE"] == wanted


def test_a_view_of_a_headless_store_tells_what_it_shows(store, client):
    """Where a front end of its own draws the pages, the view that answers it says so."""

    @api_view(["GET"])
    def product(request, slug):
        phone = Phone.objects.get(slug=slug)
        track(request, "view_item", item=phone.variants.first())
        return Response({"name": phone.name})

    accept(client)
    urls = type("urls", (), {"urlpatterns": [path("api/phones/<slug:slug>/", product), *own_urls]})
    with override_settings(ROOT_URLCONF=urls), override_personalize(CAPTURE="beacon"):
        assert client.get("/api/phones/office-phone-0/").json() == {"name": "Office phone 0"}
    phone = Phone.objects.get(slug="office-phone-0")
    assert told() == [("view_item", key(phone), key(phone.variants.first()))]


def test_a_view_of_several_types_says_nothing_of_which_it_shows(store, client, monkeypatch):
    for model in (Phone, Accessory):
        monkeypatch.setattr(model, "get_absolute_url", lambda self: f"/things/{self.pk}/")
    accept(client)
    page = path("things/<int:pk>/", lambda request, pk: HttpResponse("A thing"), name="thing")
    urls = type("urls", (), {"urlpatterns": [page, *own_urls]})
    with override_settings(ROOT_URLCONF=urls):
        assert client.get("/things/1/").status_code == 200
    assert told() == []


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS.read_text(), re.S | re.M)


def test_the_page_about_salesman_shows_exactly_the_lines_that_the_store_adds():
    source = (HERE / "settings.py").read_text()
    marked = re.search(r"# --- personalisation: begin -*\n(.*?)# --- personalisation: end", source, re.S)[1]
    lines = marked.replace("  # noqa: F405", "").strip()
    urls = re.findall(r"^    path\(.*\),$", (HERE / "personal" / "urls.py").read_text(), re.M)
    assert blocks("python")[0] == f"{lines}\n"
    assert re.findall(r"^    path\(.*\),$", blocks("python")[1], re.M) == urls
    tags = re.findall(r"{% (?!extends|block|endblock)[^%]*%}", "".join(blocks("django")))
    added = [
        tag
        for page in sorted((HERE / "personal" / "templates").rglob("*.html"))
        for tag in re.findall(r"{% (?!extends|block|endblock)[^%]*%}", page.read_text())
    ]
    assert sorted(tags) == sorted(added)
