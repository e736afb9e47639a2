"""For this visit only: one cookie that the browser forgets, and nothing anywhere else."""

import logging

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import include, path
from django.views.decorators.cache import cache_page

from django_personalize.events.counts import keep
from django_personalize.models import ConsentRecord, DailyCount, Decision, Event, Visitor
from django_personalize.testing.override import override_personalize
from django_personalize.visitors import session_tier
from tests.people import request_of
from tests.shops import user

pytestmark = pytest.mark.django_db
HOME = "{% load personalize %}{% personal_home %}{% personalize_ask as ask %}[{% if ask %}ask{% endif %}]"


def product(request, pk):
    return HttpResponse(f"Item {pk}")


def home(request):
    return HttpResponse(Template(HOME).render(Context({"request": request})))


def answer(request):
    return HttpResponse("noted")


urlpatterns = [
    path("products/<int:pk>/", product, name="product"),
    path("", home),
    path("cached/", cache_page(60)(home)),
    path("answer/", answer),
    path("personalize/", include("django_personalize.urls")),
]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers):
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    with override_personalize(SESSION_TIER=True):
        yield


def choose(client, **data):
    return client.post("/personalize/visit/", data)


def kept(client):
    """What the browser remembers of this visit, newest first."""
    request = request_of()
    request.COOKIES[session_tier.NAME] = client.cookies[session_tier.NAME].value
    return session_tier.seen(request)


def is_chosen(client):
    return bool(client.cookies.get(session_tier.NAME) and client.cookies[session_tier.NAME].value)


def test_the_choice_is_one_cookie_without_an_age_that_no_script_reads(client):
    response = choose(client, next="/products/1/")
    given = response.cookies[session_tier.NAME]
    assert (given["max-age"], given["expires"], given["httponly"], given["samesite"]) == ("", "", True, "Lax")
    assert set(response.cookies) == {session_tier.NAME}
    assert (response.status_code, response["Location"]) == (302, "/products/1/")
    assert "no-store" in response["Cache-Control"]
    assert kept(client) == ()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_it_leads_nowhere_else(client, target):
    assert choose(client, next=target)["Location"] == "/"


def test_what_is_looked_at_is_remembered_newest_first_and_shown_on(client):
    assert b"Because you viewed" not in client.get("/").content
    choose(client)
    for key in (1, 2, 1):
        response = client.get(f"/products/{key}/")
        assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert kept(client) == ("1", "2")
    page = client.get("/")
    assert {"private", "no-store"} <= set(page["Cache-Control"].split(", "))
    assert b"data-pz-decision" not in page.content


def test_nothing_is_kept_on_the_server_but_what_is_counted_of_everybody(client, caplog):
    caplog.set_level(logging.DEBUG, "django_personalize")
    choose(client)
    for address in ("/products/1/", "/", "/answer/"):
        client.get(address)
    client.post("/answer/")
    keep()
    assert [model.objects.count() for model in (Visitor, Event, Decision, ConsentRecord)] == [0] * 4
    assert list(DailyCount.objects.values_list("kind", "item_key", "count")) == [("view_item", "1", 1)]
    assert [record.msg for record in caplog.records if record.name.startswith("django_personalize")] == []


def test_at_most_twenty_items_are_remembered(client):
    response = HttpResponse()
    session_tier.write(request_of(), response, [str(number) for number in range(30)])
    client.cookies[session_tier.NAME] = response.cookies[session_tier.NAME].value
    assert kept(client) == tuple(str(number) for number in range(20))


@pytest.mark.parametrize("state", ["granted", "denied"])
def test_a_later_answer_ends_it(client, answers, state):
    choose(client)
    client.get("/products/1/")
    answers(personalization=state)
    assert client.get("/").cookies[session_tier.NAME]["max-age"] == 0
    assert not is_chosen(client)


@pytest.mark.parametrize("state", ["granted", "denied"])
def test_an_answer_that_stands_is_not_changed_by_it(client, answers, state):
    answers(analytics=state)
    choose(client)
    assert not is_chosen(client)


def test_a_signal_is_no_answer_to_it_since_the_shopper_chose(client):
    headers = {"HTTP_SEC_GPC": "1"}
    client.post("/personalize/visit/", **headers)
    client.get("/products/2/", **headers)
    assert kept(client) == ("2",)


def test_a_cookie_that_is_none_of_ours_is_taken_back(client):
    choose(client)
    client.cookies[session_tier.NAME] = client.cookies[session_tier.NAME].value[:-2] + "xx"
    client.get("/products/1/")
    assert not is_chosen(client)


def is_child(request):
    return True


def test_no_child_is_remembered(client):
    with override_personalize(SESSION_TIER=True, MINOR=f"{__name__}.is_child"):
        choose(client)
    assert not is_chosen(client)


def test_where_it_is_off_there_is_no_such_address_and_what_was_chosen_before_is_taken_back(client):
    choose(client)
    with override_personalize(SESSION_TIER=False):
        assert choose(client).status_code == 404
        client.get("/products/1/")
        assert not is_chosen(client)


def test_it_is_chosen_by_a_form_of_this_shop_only():
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/personalize/visit/").status_code == 403
    assert strict.get("/personalize/visit/").status_code == 405


def test_a_page_cache_never_keeps_what_was_made_of_a_visit(client):
    choose(client)
    client.get("/products/1/")
    mine = client.get("/cached/").content
    assert b"[]" in mine
    client.cookies.clear()
    assert b"[ask]" in client.get("/cached/").content


def test_the_banner_asks_nobody_who_signals_or_has_chosen(client):
    assert b"[ask]" in client.get("/").content
    page = client.get("/", HTTP_DNT="1")
    assert b"[]" in page.content
    assert {"Sec-GPC", "DNT"} <= set(page["Vary"].split(", "))
    client.get("/cached/", HTTP_SEC_GPC="1")
    assert b"[ask]" in client.get("/cached/").content
    choose(client)
    assert b"[]" in client.get("/").content


def test_logging_in_meanwhile_makes_nobody_somebody(client):
    choose(client)
    client.force_login(user("mia"))
    client.get("/products/1/")
    client.post("/answer/")
    assert Visitor.objects.count() == 0
    assert kept(client) == ("1",)
