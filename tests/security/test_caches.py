"""Threat S15: no cache between the shop and its visitors gives one what was made for another.

Many visitors, with and without a yes, ask for the same pages in a random order through each of the caches that a shop
may have. Every recorded decision names whom it was made for: that is the marker. `PERSONALIZE_INTERLEAVED=10000` asks
for longer.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import include, path
from django.views.decorators.cache import cache_page

from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import Decision
from django_personalize.visitors import cookie
from tests.security import urls as plain

pytestmark = pytest.mark.django_db
RESPONSES = int(os.environ.get("PERSONALIZE_INTERLEAVED", "2000"))
EACH = -(-RESPONSES // 6)
"""Through three caches, each before two shops."""
VISITORS = 24
PAGES = ("/", "/products/1/", "/products/2/", "/search/?q=mug", "/bare/")
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
FRAGMENT = "{% load personalize cache %}{% cache 300 home %}{% personal_home %}{% endcache %}"


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>nothing of ours</p>")


def fragment(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(FRAGMENT).render(Context({"request": request})))


shared = [path("cookies/", include("cookie_consent.urls")), path("personalize/", include("django_personalize.urls"))]


class Plain:
    urlpatterns = [
        path("products/<str:key>/", plain.product),
        path("search/", plain.search),
        path("bare/", bare),
        path("fragment/", fragment),
        path("", plain.search),
        *shared,
    ]


class PerView:
    urlpatterns = [
        path("products/<str:key>/", cache_page(300)(plain.product)),
        path("search/", cache_page(300)(plain.search)),
        path("bare/", cache_page(300)(bare)),
        path("", cache_page(300)(plain.search)),
        *shared,
    ]


class SharedCache:
    """What stands in front of a shop and keeps every page that does not forbid it, by address and by `Vary`."""

    def __init__(self) -> None:
        self.kept: dict[str, list[tuple[dict[str, str], HttpResponse]]] = {}
        self.hits = 0

    def get(self, client: Client, address: str) -> HttpResponse:
        asked = {"cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in sorted(client.cookies.items()))}
        for varies, response in self.kept.get(address, []):
            if all(asked.get(name, "") == value for name, value in varies.items()):
                self.hits += 1
                return response
        response = client.get(address)
        control = response.headers.get("Cache-Control", "").lower()
        vary = [name.strip().lower() for name in response.headers.get("Vary", "").split(",") if name.strip()]
        forbidden = {"private", "no-store", "no-cache"} & set(re.split(r"[,\s=]+", control))
        if response.status_code == 200 and not forbidden and "*" not in vary:
            self.kept.setdefault(address, []).append(({name: asked.get(name, "") for name in vary}, response))
        return response


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop):
    create_groups()


def people() -> list[Client]:
    """Two thirds have said yes, the others said no or nothing."""
    clients = []
    for number in range(VISITORS):
        client = Client()
        if number % 3 < 2:
            client.post("/cookies/accept/", {"all_groups": "true"})
        elif number % 2:
            client.post("/cookies/decline/", {"all_groups": "true"})
        clients.append(client)
    assert sum(cookie.NAME in client.cookies for client in clients) == VISITORS * 2 // 3
    return clients


def owner(client: Client) -> UUID | None:
    morsel = client.cookies.get(cookie.NAME)
    return UUID(hex=morsel.value.partition(".")[0]) if morsel is not None and morsel.value else None


def strangers(client: Client, response: HttpResponse) -> int:
    """How many markers of somebody else this response carries."""
    body = response.content.decode()
    named = {UUID(each) for each in re.findall(r'data-pz-decision="([^"]+)"', body)}
    theirs = set(Decision.objects.filter(pk__in=named, visitor_id=owner(client)).values_list("pk", flat=True))
    told = [
        UUID(hex=morsel.value.partition(".")[0])
        for name, morsel in response.cookies.items()
        if name == cookie.NAME and morsel.value
    ]
    ids = set(re.findall(r"[0-9a-f]{32}", body))
    return len(named - theirs) + sum(each != owner(client) for each in told) + len(ids)


def interleaved(ask, responses: int, seed: int = 1) -> Counter[str]:
    chance, clients, found = random.Random(seed), people(), Counter()
    for _ in range(responses):
        client, page = chance.choice(clients), chance.choice(PAGES)
        # So many addresses that each is asked for by some before a cache has it, and by others after.
        page += f"{'&' if '?' in page else '?'}from={chance.randrange(responses // 12)}"
        response = ask(client, page)
        assert response.status_code == 200
        found["strange"] += strangers(client, response)
        found["personal"] += b"data-pz-decision" in response.content
        found["kept"] += "private" not in response.headers.get("Cache-Control", "")
    return found


def held(found: Counter[str], responses: int) -> None:
    assert found["strange"] == 0
    assert found["personal"] > responses // 4
    assert found["kept"] > responses // 4


@pytest.fixture(params=["sessions", "no sessions"])
def stack(request, settings):
    """The middleware of a shop with log-ins, and of one without: there nothing but ours tells visitors apart."""
    if request.param == "no sessions":
        gone = ("SessionMiddleware", "AuthenticationMiddleware", "MessageMiddleware")
        settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if not path.endswith(gone)]
    return settings


def test_the_cache_of_the_whole_site(stack):
    stack.ROOT_URLCONF = Plain
    stack.MIDDLEWARE = [UPDATE, *stack.MIDDLEWARE, FETCH]
    held(interleaved(lambda client, page: client.get(page), EACH), EACH)


def test_the_cache_of_one_view(stack):
    stack.ROOT_URLCONF = PerView
    held(interleaved(lambda client, page: client.get(page), EACH), EACH)


def test_a_cache_in_front_of_the_shop(stack):
    stack.ROOT_URLCONF = Plain
    front = SharedCache()
    held(interleaved(front.get, EACH), EACH)
    assert front.hits > EACH // 20


def test_a_cached_fragment_is_what_the_check_warns_of(settings):
    """And these tests would see it."""
    settings.ROOT_URLCONF = Plain
    first, second = (client for client in people()[:2])
    assert strangers(first, first.get("/fragment/")) == 0
    assert strangers(second, second.get("/fragment/")) == 1


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "X-Host", "Forwarded", "X-Forwarded-Prefix"]
)
def test_no_header_that_a_cache_does_not_look_at_changes_a_page(settings, header):
    """Cache poisoning: a page that is kept for everybody is made of its address alone."""
    settings.ROOT_URLCONF = Plain
    for page in PAGES:
        usual = Client().get(page)
        asked = Client().get(page, headers={header: "evil.example", "Referer": "https://evil.example/<script>"})
        assert asked.content == usual.content
        assert b"evil" not in asked.content
        assert not any("evil" in value for value in asked.headers.values())
