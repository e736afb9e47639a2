"""Rows that a cached page has left for later: what everybody gets stands in the page, one's own comes by one call."""

import json
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.urls import include, path

from django_personalize.capture.budget import BATCHES_A_MINUTE
from django_personalize.core import clock
from django_personalize.models import Decision, Event
from django_personalize.placements.asked import Asked, signed
from django_personalize.testing.doubles import MemoryShop
from django_personalize.visitors import cookie
from django_personalize.web.placements import MAX_BYTES, MOST_ROWS
from tests.people import token, visitor

pytestmark = pytest.mark.django_db
URL = "/personalize/placements/"
HERE = {"Sec-Fetch-Site": "same-origin"}
PAGE = """{% load personalize %}{% personalize_script %}
{% you_may_also_like product n=1 %}{% you_may_also_like product n=2 defer=True %}{% personal_home n=2 defer=True %}"""


def page(request):
    return HttpResponse(Template(PAGE).render(Context({"request": request, "product": MemoryShop.stock["2"]})))


urlpatterns = [
    path("", page),
    path("products/<str:key>/", page),
    path("personalize/", include("django_personalize.urls")),
]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop):
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]


@pytest.fixture
def me(answers, client):
    answers(personalization="granted", analytics="granted")
    me = visitor("personalization", "analytics")
    client.cookies[cookie.NAME] = token(me)
    return me


def post(client, rows, headers=HERE):
    return client.post(URL, json.dumps({"rows": rows}), content_type="application/json", headers=headers)


def deferred(html):
    return re.findall(r'data-pz-defer="([^"]+)"', html)


def parts(response):
    return re.findall(r'<div data-pz-filled="([^"]*)">(.*?)</div>\n', response.content.decode(), re.DOTALL)


def keys(html):
    return re.findall(r'href="/products/(\w+)/"', html)


def test_a_page_with_deferred_rows_alone_is_the_same_for_everybody_and_any_cache_may_keep_it(client, me, settings):
    global PAGE
    before, PAGE = PAGE, "{% load personalize %}{% personal_home defer=True %}"
    try:
        mine = client.get("/")
        client.cookies.clear()
        theirs = client.get("/")
    finally:
        PAGE = before
    assert mine.content == theirs.content
    assert keys(mine.content.decode()) == ["1", "2", "3"]
    for response in (mine, theirs):
        assert "private" not in response.headers.get("Cache-Control", "")
        assert "Cookie" not in response.headers.get("Vary", "")
    assert not Decision.objects.exists()


def test_one_call_fills_all_rows_of_the_page_in_their_order(client, me):
    rows = deferred(client.get("/").content.decode())
    assert len(rows) == 2
    Decision.objects.all().delete()
    filled = parts(post(client, rows))
    assert [slug for slug, _ in filled] == ["you-may-also-like", "personal-home"]
    # The first row of the page, which nothing is put in the place of, has shown 1 already.
    assert keys(filled[0][1]) == ["3"]
    made = re.findall(r'data-pz-decision="([^"]+)"', " ".join(html for _, html in filled))
    assert {UUID(each) for each in made} == set(Decision.objects.filter(visitor=me).values_list("pk", flat=True))
    assert [slot["item_key"] for slot in Decision.objects.get(placement="you-may-also-like").slots] == ["3"]


def test_what_is_filled_in_is_this_visitors_own_and_nobody_may_keep_it(client, me):
    at = clock.now() - timedelta(minutes=1)
    Event.objects.create(
        uid=uuid4(), kind="dismiss", occurred_at=at, received_at=at, visitor=me, item_key="1", reason="have_it"
    )
    row = signed(Asked(slug="personal-home", n=3))
    response = post(client, [row])
    assert keys(parts(response)[0][1]) == ["2", "3"]
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


def test_the_language_is_that_of_the_page(client, me):
    row = signed(Asked(slug="personal-home", language="ru"))
    assert "Новинка" in parts(post(client, [row]))[0][1]
    assert "New in the shop" in parts(post(client, [signed(Asked(slug="personal-home", language="en"))]))[0][1]


def test_without_a_yes_there_is_nothing_to_fill_in_and_no_trace(client, answers):
    answers(personalization="denied", analytics="denied")
    response = post(client, [signed(Asked(slug="personal-home"))])
    assert (response.status_code, response.content) == (204, b"")
    assert "no-store" in response.headers["Cache-Control"]
    assert not response.cookies
    assert not Decision.objects.exists()


def test_a_crawler_is_given_nothing(client, me):
    response = post(client, [signed(Asked(slug="personal-home"))], headers=HERE | {"User-Agent": "Googlebot/2.1"})
    assert response.status_code == 204


def test_only_pages_of_this_shop_are_answered(client, me):
    row = signed(Asked(slug="personal-home"))
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert post(client, [row], headers=headers).status_code == 403
    assert client.get(URL).status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"rows": "x"}',
        '{"rows": [7]}',
        "{" * 5_000,
        "x" * (MAX_BYTES + 1),
        json.dumps({"rows": ["x"] * (MOST_ROWS + 1)}),
    ],
)
def test_what_is_no_list_of_rows_is_told_what_was_wanted(client, me, body):
    response = client.post(URL, body, content_type="application/json", headers=HERE)
    assert response.status_code == 400
    assert response.content.decode().startswith('Wanted {"rows": [...]}')


def test_a_row_that_this_shop_has_not_signed_stays_as_the_page_has_it(client, me):
    good = signed(Asked(slug="personal-home", n=1))
    filled = parts(post(client, ["forged", good, signed(Asked(slug="no-such-row"))]))
    assert [slug for slug, _ in filled] == ["", "personal-home", ""]
    assert [bool(html) for _, html in filled] == [False, True, False]


def test_who_asks_too_often_keeps_the_rows_of_the_page(client, me, frozen):
    row = signed(Asked(slug="personal-home", n=1))
    answers = [post(client, [row]).status_code for _ in range(BATCHES_A_MINUTE + 1)]
    assert answers == [200] * BATCHES_A_MINUTE + [429]
