"""A shopper's own data by request: what their page does, by the same functions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.urls import resolve
from django.utils import timezone

from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.events import sinks, spool
from django_personalize.models import Decision, Event, Membership, Visitor
from django_personalize.visitors import cookie
from tests.api.shoppers import ROOT, ask, browser, front_end, ok
from tests.people import token, visitor
from tests.privacy.canaries import dump, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_shop, answers):
    answers(personalization="granted", analytics="granted")


def looked_at(who, *keys, **changes):
    ours.sink.write([told(who.pk, item_key=key, **changes) for key in keys])
    return who


@pytest.fixture
def me():
    return looked_at(visitor("personalization", "analytics"), "1", "2")


def test_of_somebody_unknown_nothing_is_kept():
    assert ok(Client(), "get", "my-data/") == {
        "kept": False,
        "since": None,
        "paused": False,
        "objected": False,
        "kept_for_days": ours.RETENTION,
        "categories": [],
        "brands": [],
        "segments": [],
        "reasons": [],
        "history": [],
    }


@pytest.mark.parametrize("of", [browser, front_end])
def test_it_tells_history_interests_segments_and_reasons(me, of):
    slot = {"slot": 1, "item_key": "2", "anchor": "1", "reason": "because_viewed"}
    Decision.objects.create(
        visitor=me, placement="x", decided_at=clock.now(), pipeline="x", rung="popular", slots=[slot]
    )
    Membership.objects.create(visitor=me, segment="loyal", since=clock.now(), as_of=clock.now())
    found = ok(of(me), "get", "my-data/")
    assert (found["kept"], found["since"], found["categories"]) == (True, me.created_at.isoformat(), ["Light"])
    assert {(each["item"], each["title"], *each["kinds"]) for each in found["history"]} == {
        ("1", "Lantern", "view_item"),
        ("2", "Candle", "view_item"),
    }
    assert [(why["title"], why["reason"]) for why in found["reasons"]] == [("Candle", "Because you looked at Lantern")]
    assert [each["name"] for each in found["segments"]] == ["Loyal repeat buyers"]


@pytest.mark.parametrize("of", [browser, front_end])
@pytest.mark.parametrize(("name", "field"), [("paused", "paused_at"), ("objected", "objected_at")])
def test_a_switch_goes_off_and_on(me, of, name, field):
    client = of(me)
    assert ok(client, "patch", "my-data/", {name: True})[name] is True
    assert getattr(Visitor.objects.get(), field) is not None
    assert ok(client, "patch", "my-data/", {name: False})[name] is False
    assert getattr(Visitor.objects.get(), field) is None


def test_this_browsers_cookie_says_what_was_switched_off(me):
    client = browser(me)
    ok(client, "patch", "my-data/", {"paused": True, "objected": True})
    assert client.cookies[cookie.NAME].value.split(":")[0].split(".")[4] == "op"
    away = front_end(me)
    ok(away, "patch", "my-data/", {"paused": False})
    assert not away.cookies


@pytest.mark.parametrize("of", [browser, front_end])
def test_an_item_goes_out_of_the_history_and_so_does_its_dismissal(me, of):
    looked_at(me, "3", kind="dismiss", reason="not_interested")
    client = of(me)
    ok(client, "delete", "my-data/history/1/")
    ok(client, "delete", "my-data/history/3/")
    ok(client, "delete", "my-data/history/no-such/")
    assert [each["item"] for each in ok(client, "get", "my-data/")["history"]] == ["2"]


def test_a_stranger_takes_nothing_out():
    looked_at(visitor("personalization"), "1")
    assert ask(Client(), "delete", "my-data/history/1/").status_code == 404
    assert ask(Client(), "patch", "my-data/", {"paused": True}).status_code == 404
    assert Event.objects.count() == 1


@pytest.mark.parametrize("of", [browser, front_end])
def test_the_export_is_the_pages(me, of):
    response = of(me).get(f"{ROOT}my-data/export/")
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    document = json.loads(b"".join(response))
    assert [each["id"] for each in document["visitors"]] == [str(me.pk)]
    assert len(document["events"]) == 2


def test_an_asynchronous_server_hands_over_the_same(me):
    client = AsyncClient()
    client.cookies[cookie.NAME] = token(me)
    response = async_to_sync(client.get)(f"{ROOT}my-data/export/")
    assert json.loads(response.content)["visitors"][0]["id"] == str(me.pk)


def test_everything_is_erased_and_the_cookie_goes(me):
    client = browser(me)
    ok(client, "delete", "my-data/")
    assert me.pk.hex not in dump()
    assert client.cookies[cookie.NAME].value == ""
    assert ok(client, "get", "my-data/")["kept"] is False


def test_another_shops_visitor_is_erased_with_all_of_their_account(settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": "django_personalize.integrations.http.FeedShop"}
    me, phone = visitor("personalization", user_key="77"), visitor("personalization", user_key="77")
    other = visitor("personalization", user_key="78")
    ok(front_end(me), "delete", "my-data/")
    assert list(Visitor.objects.all()) == [other]
    assert phone.pk.hex not in dump()


def test_somebody_who_logged_in_a_while_ago_shows_that_it_is_them(client):
    anna = User.objects.create_user("anna", password="pw")
    visitor("personalization", user_key=str(anna.pk))
    client.force_login(anna)
    User.objects.update(last_login=timezone.now() - timedelta(hours=3))
    for wrong in (None, {"password": ""}, {"password": "wrong"}, {"password": 7}):
        refused = ask(client, "delete", "my-data/", wrong)
        assert (refused.status_code, "password" in refused.json()["do"]) == (403, True)
    assert Visitor.objects.exists()
    ok(client, "delete", "my-data/", {"password": "pw"})
    assert not Visitor.objects.exists()


def test_while_the_drainer_does_not_pause_nothing_is_erased_and_it_can_be_tried_again(
    me, settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(sinks, "PATIENCE", 0.02)
    spooling = {"SINK": "django_personalize.events.sinks.SpoolSink", "SPOOL": str(tmp_path), "DRAIN": "command"}
    settings.PERSONALIZE = {**settings.PERSONALIZE, **spooling}
    client = browser(me)
    with spool.alone(tmp_path):
        busy = ask(client, "delete", "my-data/")
    assert (busy.status_code, "Retry-After" in busy, Visitor.objects.count()) == (503, True, 1)
    ok(client, "delete", "my-data/")
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("path", ["my-data/", "my-data/export/", "my-data/history/1/"])
def test_whoever_drains_the_spool_does_it_outside_of_the_requests_transaction(path):
    assert "default" in resolve(f"{ROOT}{path}").func._non_atomic_requests


@pytest.mark.parametrize("body", [{"paused": "yes"}, {"paused": None}, {"on": True}, {}, []])
def test_what_is_no_switch_is_refused(me, body):
    assert ask(browser(me), "patch", "my-data/", body).status_code == 400
    assert Visitor.objects.get().paused_at is None
