"""Whom a shopper's request is about, who may send it, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from django_personalize.api.acting import RATES
from django_personalize.capture import budget
from django_personalize.conf import settings as ours
from django_personalize.models import Event, Visitor
from django_personalize.visitors import bearer, cookie
from tests.api.conftest import KEY, told
from tests.api.shoppers import ask, browser, front_end, ok
from tests.people import token, visitor
from tests.privacy.canaries import told as happened

pytestmark = pytest.mark.django_db
ROWS = {"placements": [{"slug": "personal-home"}]}


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "INGEST_KEYS": [KEY], "CAPTURE": "beacon"}
    answers(personalization="granted", analytics="granted")


def looked_at(who, *keys, **changes):
    ours.sink.write([happened(who.pk, item_key=key, **changes) for key in keys])


def history(client):
    return [each["item"] for each in ok(client, "get", "my-data/")["history"]]


def test_a_token_acts_for_its_visitor_and_for_nobody_else():
    me, other = visitor("personalization", user_key="77"), visitor("personalization")
    looked_at(me, "1")
    looked_at(other, "2")
    assert history(front_end(me)) == ["1"]
    assert history(front_end(other)) == ["2"]


def test_a_tokens_request_is_its_visitors_whoevers_cookies_came_along():
    me, other = visitor("personalization"), visitor("personalization")
    looked_at(me, "1")
    looked_at(other, "2")
    client = front_end(me)
    client.cookies[cookie.NAME] = token(other)
    client.force_login(User.objects.create_user("anna"))
    assert history(client) == ["1"]


def test_what_a_token_permits_is_what_its_visitor_says_now(answers):
    answers()  # of this project's own browsers
    me = visitor("personalization")
    looked_at(me, "1", kind="dismiss", reason="not_interested")
    client = front_end(me)

    def row():
        [shown] = ok(client, "post", "placements/", ROWS)["placements"]
        return [slot["key"] for row in shown["rows"] for slot in row["slots"]], bool(shown["decision"])

    assert row() == (["2", "3"], True)
    Visitor.objects.update(granted={"analytics": True})
    assert row() == (["1", "2", "3"], True)
    Visitor.objects.update(granted={"personalization": True}, paused_at=me.created_at)
    assert row() == (["1", "2", "3"], False)


def test_a_token_of_somebody_who_has_said_no_is_nobodys():
    me = visitor("personalization")
    client = front_end(me)
    me.delete()
    assert ok(client, "get", "my-data/")["kept"] is False
    assert ok(client, "post", "placements/", ROWS)["placements"][0]["decision"] is None


def test_a_token_lasts_for_half_a_day(frozen):
    client = front_end(visitor("personalization"))
    frozen(bearer.LASTS - timedelta(seconds=1))
    ok(client, "get", "my-data/")
    frozen(timedelta(seconds=1))
    response = ask(client, "get", "my-data/")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert "token" in response.json()["do"]


def test_no_changed_sign_of_a_token_is_accepted():
    good = bearer.issue(visitor("personalization"))
    for place in range(len(good) - 1):  # the last sign of base64 carries bits that say nothing
        bad = f"{good[:place]}{'A' if good[place] != 'A' else 'B'}{good[place + 1 :]}"
        assert bearer.read(bad) is None, place


def test_a_visitor_cookie_is_no_token_and_a_token_no_cookie(client):
    me = visitor("personalization")
    assert bearer.read(f"{bearer.PREFIX}{token(me)}") is None
    client.cookies[cookie.NAME] = bearer.issue(me)
    assert ok(client, "get", "my-data/")["kept"] is False


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer a.shops.own", f"Bearer {KEY}", "Token x"])
def test_a_header_of_somebody_elses_changes_nothing(header):
    me = visitor("personalization")
    looked_at(me, "1")
    client = Client(headers={"Authorization": header})
    client.cookies[cookie.NAME] = token(me)
    assert history(client) == ["1"]


def test_a_server_gets_a_token_for_the_visitor_whom_it_names_and_none_without_a_yes(send):
    answer = send("events/", {**told("b1", granted=["personalization"]), "token": True}).json()
    assert bearer.read(answer["token"]) == Visitor.objects.get().pk
    assert "token" not in send("events/", told("b1", granted=["personalization"])).json()
    assert send("events/", {"visitor": {"id": "b1", "refused": True}, "token": True}).json()["token"] is None
    assert send("events/", {**told("b1"), "token": "yes"}).status_code == 400


def view(key, number=1):
    return {
        "id": f"0d9a6a52-51f1-4f0c-9d0b-0c6f3a1f7c{number:02}",
        "name": "view_item",
        "params": {"items": [{"item_id": key}]},
    }


def test_a_front_end_tells_what_its_visitor_did_and_nothing_that_they_answered():
    me = visitor("personalization")
    client = front_end(me)
    assert ok(client, "post", "events/", {"events": [view("1"), view("no such", 2)]}) == {
        "stored": 1,
        "refused": {"unknown_item": 1},
    }
    assert Event.objects.get().visitor == me
    named = {"visitor": {"id": "b1", "granted": ["analytics"]}, "events": [view("1")]}
    assert ask(client, "post", "events/", named).status_code == 400
    assert ok(client, "post", "events/", {"events": [{**view("1", 3), "name": "login"}]})["refused"] == {
        "not_claimable": 1
    }
    Visitor.objects.update(granted={})
    assert ok(client, "post", "events/", {"events": [view("2", 4)]}) == {"stored": 0, "refused": {"no_consent": 1}}


def test_a_front_end_that_tells_too_much_is_asked_to_wait(monkeypatch):
    monkeypatch.setattr(budget, "BATCHES_A_MINUTE", 1)
    client = front_end(visitor("personalization"))
    ok(client, "post", "events/", {"events": [view("1")]})
    response = ask(client, "post", "events/", {"events": [view("1")]})
    assert (response.status_code, response["Retry-After"]) == (429, "60")


# --- who may send it


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("put", "consent/", {"analytics": False}),
        ("patch", "my-data/", {"paused": True}),
        ("delete", "my-data/", None),
        ("delete", "my-data/history/1/", None),
    ],
)
def test_what_changes_anything_wants_the_csrf_token_of_a_browser_and_none_of_a_front_end(method, path, body):
    me = visitor("personalization", "analytics")
    looked_at(me, "1")
    strict = browser(me, enforce_csrf_checks=True)
    refused = ask(strict, method, path, body)
    assert (refused.status_code, "CSRF" in refused.json()["found"]) == (403, True)
    assert (Visitor.objects.filter(paused_at=None).count(), Event.objects.count()) == (1, 1)
    given = ok(strict, "get", "consent/")["csrf"]
    response = ask(strict, method, path, body, headers={"X-CSRFToken": given})
    assert response.status_code in (200, 204, 409)
    away = Client(enforce_csrf_checks=True)
    acting = {"Authorization": f"Bearer {bearer.issue(visitor('personalization'))}"}
    assert ask(away, method, path, body, headers=acting).status_code in (200, 204, 409)


def test_a_page_of_another_site_gets_no_rows_for_a_browser_and_anybody_without_cookies_does():
    foreign = browser(visitor("personalization"))
    response = ask(foreign, "post", "placements/", ROWS, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, set(response.json())) == (403, {"found", "wanted", "do"})
    assert ok(Client(), "post", "placements/", ROWS, headers={"Sec-Fetch-Site": "cross-site"})["placements"]


def test_an_account_that_is_logged_in_asks_for_itself(client):
    anna = User.objects.create_user("anna")
    me = visitor("personalization", user_key=str(anna.pk))
    looked_at(me, "1")
    assert history(client) == []
    client.force_login(anna)
    assert history(client) == ["1"]


# --- how often


def test_a_visitor_who_asks_too_often_waits_and_nobody_else(settings):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"personalize-visitor": "2/min"}}
    me, other = browser(visitor("personalization")), browser(visitor("personalization"))
    assert [ask(me, "get", "my-data/").status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(me, "get", "my-data/")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert 'DEFAULT_THROTTLE_RATES"]["personalize-visitor"]' in refused.json()["do"]
    assert ask(other, "get", "my-data/").status_code == 200


def test_people_without_a_yes_are_counted_by_their_network_alone(settings, answers):
    answers()
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"personalize-network": "2/min"}}
    network, other = {"REMOTE_ADDR": "9.1.2.3"}, {"REMOTE_ADDR": "9.9.2.3"}
    assert [ask(Client(), "get", "consent/", **network).status_code for _ in range(3)] == [200, 200, 429]
    assert ask(Client(), "get", "consent/", REMOTE_ADDR="9.1.2.77").status_code == 429
    assert ask(Client(), "get", "consent/", **other).status_code == 200
    assert [ask(Client(), "get", "consent/", REMOTE_ADDR="127.0.0.1").status_code for _ in range(3)] == [200] * 3


def test_no_id_and_no_address_stands_in_the_cache_and_an_erase_takes_the_count_along(monkeypatch):
    me = visitor("personalization")
    names = []
    real = cache.set
    monkeypatch.setattr(
        cache, "set", lambda name, *args, **kwargs: (names.append(name), real(name, *args, **kwargs))[1]
    )
    ok(browser(me), "get", "my-data/")
    ask(Client(), "get", "consent/", REMOTE_ADDR="9.1.2.3")
    assert len(names) == 2
    assert not [name for name in names if me.pk.hex in name or "9.1" in name]
    assert cache.get(names[0])
    ok(browser(me), "delete", "my-data/")
    assert not Visitor.objects.exists()
    assert cache.get(names[0]) is None


def test_a_rate_of_none_counts_nobody(settings):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"personalize-visitor": None}}
    client = browser(visitor("personalization"))
    assert RATES["personalize-visitor"] == "300/min"
    assert [ask(client, "get", "my-data/").status_code for _ in range(3)] == [200] * 3
