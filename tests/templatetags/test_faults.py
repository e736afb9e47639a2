"""Whatever fails, every tag on the page costs at most what it prints: the page is a 200, whole, and in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookies
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import include, path

from django_personalize.artifacts import promote, store
from django_personalize.artifacts.publish import publish
from django_personalize.core import clock
from django_personalize.models import Event, ModelVersion
from django_personalize.placements import budget
from django_personalize.templatetags.personalize import register
from django_personalize.testing.doubles import MemoryShop, StaticConsent
from django_personalize.testing.override import override_personalize
from django_personalize.visitors import cookie
from tests.people import token, visitor
from tests.training.small import NOW, arrays, orders

SNIPPETS = {
    "you_may_also_like": "{% you_may_also_like product %}",
    "frequently_bought_together": "{% frequently_bought_together product %}",
    "customers_also_bought": "{% customers_also_bought product %}",
    "based_on_your_history": "{% based_on_your_history %}",
    "recently_viewed": "{% recently_viewed %}",
    "buy_it_again": "{% buy_it_again %}",
    "best_sellers": "{% best_sellers %}",
    "trending": "{% trending %}",
    "new_arrivals": "{% new_arrivals %}",
    "placement": '{% placement "back-in-stock" %}',
    "personal_home": "{% personal_home %}",
    "personalize_script": "{% personalize_script %}",
    "personalize_product": "{% personalize_product product %}",
    "personalize_search": '{% personalize_search "lantern" 3 %}',
    "personalize_ask": "{% personalize_ask as ask %}{{ ask|yesno }}",
}
PAIRS = [(3 + place % 9, f"buyer {place}", "12" if place % 2 else "3") for place in range(40)]
FULL = {"popular": {"on": True}, "neighbours": {"on": True}, "factors": {"on": True}}
VOID = {"meta", "link", "img", "br", "hr", "input", "source", "wbr"}


def page(request, tag):
    source = "{% load personalize %}<!doctype html><title>Shop</title><main>" + SNIPPETS[tag] + "</main>"
    return HttpResponse(Template(source).render(Context({"request": request, "product": MemoryShop.stock["1"]})))


urlpatterns = [
    path("page/<str:tag>/", page),
    path("products/<str:key>/", lambda request, key: HttpResponse()),
    path("cookies/", include("cookie_consent.urls")),
    path("personalize/", include("django_personalize.urls")),
]


class Whole(HTMLParser):
    """Fails on an element that is not closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag


# --- The faults. Each is a context in which something that a page needs does not work.


@contextmanager
def queries(harm) -> Iterator[None]:
    def run(execute, sql, params, many, context):
        harm(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(run):
        yield


def down(sql):
    if "personalize_" in sql:
        raise OperationalError("the server closed the connection unexpectedly")


def events_gone(sql):
    if "personalize_event" in sql:
        connection.cursor().cursor.execute("SELECT * FROM no_such_table")


def slow(sql):
    if "personalize_" in sql and sql.startswith("SELECT"):
        time.sleep(0.06)


class BrokenShop(MemoryShop):
    def items(self, keys, *, request=None):
        raise RuntimeError("the shop's own table is locked")

    def newest(self, n, *, request=None):
        raise RuntimeError("the shop's own table is locked")


class SlowShop(MemoryShop):
    def items(self, keys, *, request=None):
        time.sleep(0.06)
        return super().items(keys, request=request)


class OddShop(MemoryShop):
    """Answers with less than it was asked for, and with odd things."""

    def items(self, keys, *, request=None):
        found = list(super().items(keys, request=request).items())[:1]
        return {key: replace(item, url="", title="", price=None) for key, item in found}

    def newest(self, n, *, request=None):
        return []


class KeylessShop(MemoryShop):
    def item_key(self, obj):
        raise RuntimeError("no key today")


class BrokenConsent(StaticConsent):
    def states(self, request):
        raise RuntimeError("the banner's table is gone")


class BrokenSink:
    def write(self, batch):
        raise OSError(28, "No space left on device")


class SessionStore(SignedCookies):
    """Its server is away."""

    def load(self):
        raise OSError("connection refused")


def here(name):
    return f"{__name__}.{name}"


@contextmanager
def no_model() -> Iterator[None]:
    ModelVersion.objects.all().delete()
    store.forget()
    yield


@contextmanager
def damaged(root: Path) -> Iterator[None]:
    for file in root.glob("*/*.npy"):
        file.write_bytes(file.read_bytes()[:40])
    store.forget()
    yield


@contextmanager
def nonsense(root: Path) -> Iterator[None]:
    """A model whose every number is none: no gate would let it pass."""
    learnt = arrays(orders((3, "ann", "123"), (2, "bob", "12")))
    rows = {name: np.full_like(a, np.nan) if a.dtype.kind == "f" else a for name, a in learnt.items()}
    go_live(root, rows)
    yield


FAULTS = {
    "no model": lambda root: no_model(),
    "model damaged on disk": damaged,
    "model of nonsense": nonsense,
    "database away": lambda root: queries(down),
    "events gone": lambda root: queries(events_gone),
    "database slow": lambda root: queries(slow),
    "shop raises": lambda root: override_personalize(SHOP=here("BrokenShop")),
    "shop slow": lambda root: override_personalize(SHOP=here("SlowShop")),
    "shop odd": lambda root: override_personalize(SHOP=here("OddShop")),
    "shop has no key": lambda root: override_personalize(SHOP=here("KeylessShop")),
    "banner raises": lambda root: override_personalize(CONSENT=here("BrokenConsent")),
    "sink full": lambda root: override_personalize(SINK=here("BrokenSink")),
    "cache away": lambda root: override_settings(
        CACHES={
            "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
        }
    ),
    "sessions away": lambda root: override_settings(SESSION_ENGINE=__name__),
    "templates broken": lambda root: override_settings(
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"personalize/card.html": "{% if %}", "personalize/placement.html": "<ul>{{ x }}"},
                        )
                    ]
                },
            }
        ]
    ),
    "no artefacts directory": lambda root: override_personalize(ARTIFACTS="/proc/no/such"),
}
assert len(FAULTS) >= 12


def go_live(root, learnt):
    facts = {"as_of": NOW, "fold": "mean", "rungs": FULL}
    directory, digest = publish(learnt, facts, root)
    version = ModelVersion.objects.create(
        directory=directory,
        manifest_sha256=digest,
        as_of=clock.now(),
        created_at=clock.now(),
        fingerprint="f",
        seconds=1,
    )
    promote.promote(version)
    store.forget()


@pytest.fixture
def shopper(db, memory_shop, settings, answers, tmp_path):
    """Somebody with a history, in a shop that has learnt."""
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]  # the package's own
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path)}
    answers(personalization="granted", analytics="granted")
    go_live(tmp_path, arrays(orders(*PAIRS)))
    me = visitor("personalization", "analytics")
    for place, seen in enumerate(("2", "3")):
        at = clock.now() - timedelta(minutes=place)
        Event.objects.create(uid=uuid4(), kind="view_item", occurred_at=at, received_at=at, visitor=me, item_key=seen)
    budget.forget()
    client = Client()
    client.cookies[cookie.NAME] = token(me)
    yield client
    budget.forget()


def test_every_tag_is_on_these_pages():
    assert set(SNIPPETS) == set(register.tags)


UNKNOWN_HERE = {"based_on_your_history", "buy_it_again", "trending", "placement", "new_arrivals"}
"""Rows that this small shop can say nothing in, and which are rightly empty."""


@pytest.mark.parametrize("tag", SNIPPETS)
def test_without_a_fault_the_row_is_there(shopper, tag):
    body = shopper.get(f"/page/{tag}/").content.decode()
    Whole(body)
    assert (body.split("<main>")[1] == "</main>") is (tag in UNKNOWN_HERE)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tag", SNIPPETS)
def test_a_fault_costs_at_most_what_the_tag_prints(shopper, tmp_path, tag, fault):
    with ExitStack() as stack:
        stack.enter_context(override_personalize(BUDGET={"placement": 50, "page": 100}))
        stack.enter_context(FAULTS[fault](tmp_path))
        for _ in range(2):  # also the page after
            response = shopper.get(f"/page/{tag}/")
            assert response.status_code == 200
            body = response.content.decode()
            Whole(body)
            assert body.startswith("<!doctype html><title>Shop</title><main>")
            assert "nan" not in body.lower()
