import json
import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from django_personalize.capture.budget import BATCHES_A_MINUTE, FACTS_A_MINUTE
from django_personalize.capture.claims import MAX_FACTS, MAX_ITEMS
from django_personalize.models import Event, Impression, Visitor
from django_personalize.visitors import cookie
from django_personalize.web.events import MAX_BYTES, events
from tests.capture.test_beacon import about, decision, event
from tests.people import token, visitor
from tests.shops import user

pytestmark = pytest.mark.django_db
URL = "/personalize/events/"
HERE = {"Sec-Fetch-Site": "same-origin"}


class FailingSink:
    def write(self, batch):
        raise OSError("The disk is full.")


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}


@pytest.fixture
def me(answers, client):
    answers(personalization="granted")
    me = visitor("personalization")
    client.cookies[cookie.NAME] = token(me)
    return me


def post(client, *told, headers=HERE, content_type="application/json"):
    return post_raw(client, json.dumps({"events": told}), headers=headers, content_type=content_type)


def post_raw(client, body, headers=HERE, content_type="application/json"):
    return client.post(URL, body, content_type=content_type, headers=headers)


def view(key="1"):
    return event("view_item", params=about(key))


def test_what_is_told_is_stored_under_the_visitor_and_answered_in_silence(client, me):
    response = post(client, view(), headers=HERE | {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"})
    assert (response.status_code, response.content) == (204, b"")
    assert list(Event.objects.values_list("kind", "item_key", "visitor_id", "device")) == [
        ("view_item", "1", me.pk, "desktop")
    ]


def test_a_batch_that_is_sent_again_is_stored_once_and_answered_alike(client, me):
    told = view()
    assert [post(client, told).status_code for _ in range(2)] == [204, 204]
    assert Event.objects.count() == 1


def test_what_is_refused_is_counted_in_the_answer(client, me):
    response = post(client, view("1"), view("5"), view("6"), event("purchase"))
    assert response.status_code == 200
    assert response.json() == {"stored": 1, "refused": {"unknown_item": 2, "not_claimable": 1}}


def test_a_page_does_not_tell_what_the_middleware_records(client, me, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "server"}
    assert post(client, view()).json() == {"stored": 0, "refused": {"captured_here": 1}}
    assert not Event.objects.exists()


def test_nobody_reports_on_another_ones_page(client, me):
    told = {"decision": str(decision(visitor("personalization"), "1")), "slots": [1]}
    answer = post(client, event("view_item_list", params=told), event("select_item", params=told)).json()
    assert answer == {"stored": 0, "refused": {"unknown_decision": 2}}
    assert not Impression.objects.exists()
    assert not Event.objects.exists()


# Consent, and who is here


def is_silenced(response):
    return response.cookies[cookie.LEAVE]["max-age"] == 0


@pytest.mark.parametrize("answer", ["unknown", "denied"])
def test_without_a_yes_nothing_is_kept_not_even_in_a_cache(client, answers, monkeypatch, answer):
    answers(personalization=answer, analytics=answer)
    monkeypatch.setattr(cache, "add", lambda *args: pytest.fail("counted"))
    response = post(client, view())
    assert (response.status_code, response.content) == (204, b"")
    assert is_silenced(response)
    assert cookie.NAME not in response.cookies
    assert not Event.objects.exists()
    assert not Visitor.objects.exists()


def test_a_yes_that_is_no_longer_one_keeps_nothing(client, me, answers):
    answers(personalization="unknown")
    response = post(client, view())
    assert response.status_code == 204
    assert is_silenced(response)
    assert not Event.objects.exists()


def test_a_visitor_who_was_erased_is_nobody_and_does_not_come_back(client, me):
    me.delete()
    response = post(client, view())
    assert response.status_code == 204
    assert cookie.NAME not in response.cookies
    assert not Event.objects.exists()
    assert not Visitor.objects.exists()


def test_on_a_shared_computer_nothing_is_put_down_to_the_last_one(client, me):
    me.user_key = str(user("anna").pk)
    me.save()
    client.cookies[cookie.NAME] = token(me)
    client.force_login(user("bert"))
    assert post(client, view()).status_code == 204
    assert not Event.objects.filter(visitor=me).exists()
    client.force_login(user("anna"))
    client.cookies[cookie.NAME] = token(me)
    assert post(client, view()).status_code == 204
    assert Event.objects.get(kind="view_item").visitor_id == me.pk


def test_the_script_may_speak_from_the_answer_to_the_yes_on_and_never_of_whom(client, answers):
    answers(personalization="granted")
    leave = client.post("/cookies/accept/", {"all_groups": "true"}).cookies[cookie.LEAVE]
    assert (leave.value, leave["httponly"], leave["samesite"]) == ("1", "", "Lax")


# Who is heard


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://testserver"}, 204),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "https://testserver.elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({}, 403),
    ],
)
def test_only_pages_of_this_shop_are_heard(client, me, headers, status):
    response = post(client, view(), headers=headers)
    assert response.status_code == status
    assert Event.objects.exists() is (status == 204)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "text/plain;charset=UTF-8"]
)
def test_json_is_heard_whatever_a_beacon_calls_it(client, me, content_type):
    assert post(client, view(), content_type=content_type).status_code == 204
    assert Event.objects.count() == 1


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/html", ""])
def test_no_other_type_is_read(client, me, content_type):
    assert post(client, view(), content_type=content_type).status_code == 415
    assert not Event.objects.exists()


def test_a_page_does_not_ask_by_get(client):
    assert client.get(URL).status_code == 405


def test_no_csrf_token_is_wanted(client, me):
    client.handler.enforce_csrf_checks = True
    assert post(client, view()).status_code == 204


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b" ", b"{", b"[]", b"7", b"null", b"\xff\xfe", b"{}", b'{"events": 7}', b'{"event": []}',
        b'\x00\x01\x02\xfe\xff' * 100,
        '{"events": []}'.encode("utf-16"),
        b"[" * 30_000,
        b'{"events":' * 6_000,
        b'{"events": [' + b"9" * 5_000 + b"]}",
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused(client, me, body):
    response = post_raw(client, body)
    assert response.status_code == 400
    assert response.content.startswith((b"Wanted {", b"No JSON"))
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 10 * MAX_BYTES])
def test_a_large_body_is_refused(client, me, size):
    assert post_raw(client, b" " * size).status_code == 413


def test_a_body_of_just_the_size_is_read(client, me):
    body = json.dumps({"events": [view()]})
    assert post_raw(client, body + " " * (MAX_BYTES - len(body))).status_code == 204
    assert Event.objects.count() == 1


class Endless:
    """A body that never ends."""

    def __init__(self):
        self.asked = []

    def read(self, size=-1):
        self.asked.append(size)
        return b" " * size


class Broken:
    def read(self, size=-1):
        raise ConnectionResetError


def request_with(stream, me, **headers):
    """As a server gives it that does not hold the body to what the header says."""
    request = RequestFactory().post(URL, headers=HERE, content_type="application/json")
    request.META |= headers
    request.COOKIES[cookie.NAME] = token(me)
    request._stream = stream
    return request


@pytest.mark.parametrize("length", ["10", "", "-5", "many", str(MAX_BYTES)])
def test_what_the_header_says_of_the_length_is_not_believed(me, length):
    body = Endless()
    assert events(request_with(body, me, CONTENT_LENGTH=length)).status_code == 413
    assert body.asked == [MAX_BYTES + 1]


def test_a_body_that_says_that_it_is_too_large_is_not_read(me):
    body = Endless()
    assert events(request_with(body, me, CONTENT_LENGTH=str(MAX_BYTES + 1))).status_code == 413
    assert body.asked == []


def test_a_connection_that_breaks_is_no_error_of_ours(me):
    assert events(request_with(Broken(), me)).status_code == 400


def mutated(value, chance):
    """Somewhere in the value, something else."""
    if chance.random() < 0.08:
        return chance.choice(
            [
                None,
                True,
                -1,
                0,
                1e308,
                float("inf"),
                float("nan"),
                10**30,
                "",
                "x" * 200,
                "\0",
                "\ud800",
                [],
                {},
                [[]],
                "1",
            ]
        )
    if isinstance(value, dict):
        return {key if chance.random() > 0.03 else "other": mutated(each, chance) for key, each in value.items()}
    if isinstance(value, list):
        return [mutated(each, chance) for each in value] * chance.choice([1, 1, 1, 1, 1, 0, 2, 8])
    return value


@pytest.mark.parametrize("seed", range(100))
def test_no_mutation_of_a_good_batch_is_an_error(client, me, caplog, seed):
    chance = random.Random(seed)
    uid = str(decision(me, "1", "2"))
    good = {
        "events": [
            event("view_item", params=about("1", "2", currency="GBP")),
            event(
                "add_to_cart", params={"items": [{"item_id": "3", "item_variant": "3", "quantity": 2, "price": 1.5}]}
            ),
            event("view_item_list", params={"decision": uid, "slots": [1, 2]}),
            event("select_item", params={"decision": uid, "slots": [2]}),
            event("search", params={"search_term": "mug", "results": 3}),
            event("user_engagement", params=about("1", engagement_time_msec=4_000)),
            event("dismiss", params=about("1", reason="have_it")),
            event("select_promotion", params={"promotion_id": "summer"}),
        ]
    }
    response = post_raw(client, json.dumps(mutated(good, chance)))
    assert response.status_code in (200, 204, 400)
    assert caplog.records == [r for r in caplog.records if r.name == "django.request" and r.levelname == "WARNING"]


# Rates and failures


def test_who_tells_too_much_is_asked_to_wait_and_nobody_else(client, me, frozen):
    answers = [post(client).status_code for _ in range(BATCHES_A_MINUTE)]
    assert set(answers) == {204}
    response = post(client, view())
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert not Event.objects.exists()
    client.cookies[cookie.NAME] = token(visitor("personalization"))
    assert post(client, view()).status_code == 204
    client.cookies[cookie.NAME] = token(me)
    frozen(timedelta(minutes=1))
    assert post(client, view()).status_code == 204


def test_who_tells_little_in_batches_of_many_facts_is_asked_to_wait_too(client, me, frozen):
    def batch():
        items = about(*["1"] * MAX_ITEMS)
        return [event("add_to_wishlist", params=items) for _ in range(MAX_FACTS // MAX_ITEMS)]

    answers = [post(client, *batch()).status_code for _ in range(FACTS_A_MINUTE // MAX_FACTS)]
    assert set(answers) == {204}
    response = post(client, view())
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert Event.objects.count() == FACTS_A_MINUTE
    client.cookies[cookie.NAME] = token(visitor("personalization"))
    assert post(client, view()).status_code == 204
    client.cookies[cookie.NAME] = token(me)
    frozen(timedelta(minutes=1))
    assert post(client, view()).status_code == 204


@pytest.mark.parametrize("number", ["1E+9999999", "-1E+9999999", "1E-9999999", "0E+9999999"])
def test_no_number_is_so_large_or_so_small_that_its_neighbours_are_lost(client, me, number):
    strange = event("view_item", params={"items": [{"item_id": "1", "price": number, "index": number}]})
    assert post(client, strange, view("2")).status_code in (200, 204)
    assert Event.objects.filter(item_key="2").count() == 1


@pytest.mark.parametrize("backend", ["dummy.DummyCache", "locmem.LocMemCache"])
def test_a_cache_that_keeps_nothing_limits_nobody(client, me, settings, backend):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    assert post(client, view()).status_code == 204


def test_what_could_not_be_kept_is_not_acknowledged(client, me, settings, caplog):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SINK": f"{__name__}.FailingSink"}
    told = view()
    response = post(client, told)
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "no-store" in response["Cache-Control"]
    assert "events_not_stored" in [record.message for record in caplog.records]
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SINK": "django_personalize.events.sinks.DatabaseSink"}
    assert post(client, told).status_code == 204
    assert Event.objects.count() == 1


def test_a_view_in_a_transaction_of_the_shops_would_acknowledge_too_early():
    assert events._non_atomic_requests


def test_an_id_of_nobody_is_not_in_any_key(client, me, monkeypatch):
    keys = []
    monkeypatch.setattr(cache, "add", lambda key, *args: keys.append(key))
    post(client, event("view_item", id=str(uuid4()), params=about("1")))
    assert [key.rpartition(":")[0] for key in keys] == [
        f"personalize:told:{me.pk.hex}" for _ in ("the batch", "its facts")
    ]
