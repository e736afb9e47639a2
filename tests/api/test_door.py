"""What holds for every address: who may come in, what is refused whole, and what an answer never carries."""

from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from django.core.cache.backends.dummy import DummyCache

from django_personalize.models import FeedItem, Visitor
from django_personalize.testing.override import override_personalize
from tests.api.conftest import KEY, order, product, told

pytestmark = pytest.mark.django_db

BODIES = {
    "products/": {"products": [product("1")]},
    "feeds/": {"feed": "monday", "count": 1},
    "orders/": {"orders": [order("A", "1")]},
    "events/": told("b1"),
}
OTHER = "another-key-of-thirty-two-letters"


@pytest.mark.parametrize("path", [*BODIES, "products/1/", "status/", "", "nowhere/"])
@pytest.mark.parametrize("header", ["", "Bearer ", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY])
def test_without_the_key_nothing_is_taken(send, path, header):
    response = send(path, BODIES.get(path), HTTP_AUTHORIZATION=header)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert set(response.json()) == {"found", "wanted", "do"}
    assert not FeedItem.objects.exists()
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("keys", [(), [""], ["short"], [" " * 40], KEY, None, [None]])
def test_without_a_key_in_the_settings_everything_is_refused_and_says_so(settings, send, keys):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "INGEST_KEYS": keys}
    for offered in (KEY, "", "short", OTHER):
        response = send("products/", BODIES["products/"], key=offered)
        assert response.status_code == 403
        assert response.json()["found"] == "no key in this server's settings"
        assert "INGEST_KEYS" in response.json()["do"]


def test_several_keys_are_valid_while_one_replaces_another(send):
    with override_personalize(INGEST_KEYS=(f"{OTHER}\n", KEY)):
        assert [send("status/", method="GET", key=key).status_code for key in (KEY, OTHER)] == [200, 200]
    assert send("status/", method="GET", key=OTHER).status_code == 401


def test_a_key_stands_in_no_answer_and_in_no_log(send, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "a-secret-that-must-not-be-repeated-anywhere"
    with override_personalize(INGEST_KEYS=[KEY, OTHER]):
        answers = [
            send("products/", BODIES["products/"], key=secret),
            send("products/", {"products": []}, key=KEY),
            send("products/", raw=b"{", key=KEY),
            send("nowhere/", {}, key=KEY),
            send("products/", BODIES["products/"], key=KEY),
        ]
    written = caplog.text + "".join(answer.content.decode() + str(answer.headers) for answer in answers)
    assert [answer.status_code for answer in answers] == [401, 400, 400, 404, 200]
    assert not [each for each in (secret, KEY, OTHER) if each in written]


@pytest.mark.parametrize("path", [*BODIES, "status/", "nowhere/"])
def test_an_answer_is_kept_by_no_cache_and_sets_no_cookie(send, path):
    method = "POST" if path in BODIES else "GET"
    response = send(path, BODIES.get(path), method=method)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "application/json"
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")


def test_a_request_that_carries_a_browsers_cookies_is_not_that_browsers(send, answers):
    answers(analytics="granted", personalization="granted")
    send("products/", BODIES["products/"], HTTP_COOKIE="sessionid=x; pz_vid=y; cookie_consent=z")
    assert not Visitor.objects.exists()


@pytest.mark.parametrize(
    ("raw", "status", "found"),
    [
        (b"", 400, "no body, or an empty one"),
        (b"[]", 400, "no body, or an empty one"),
        (b"null", 400, "no body, or an empty one"),
        (b"[1]", 400, "[1]"),
        (b'"products"', 400, '"products"'),
        (b"{", 400, "a body that is no JSON, at character 1"),
        (b'{"products": NaN}', 400, "a body that is no JSON"),
        (b'{"products": 1' + b"0" * 5000 + b"}", 400, "a body that is no JSON"),
        (b'{"products": "\xff"}', 400, "a body that is no JSON"),
        (b"[" * 100_000, 400, "a body that is no JSON"),
        (b'{"product": []}', 400, 'an unknown name, "product"'),
        (b'{"products": {}}', 400, "'products': {}"),
        (b'{"products": []}', 400, "'products': []"),
        (b'{"feed": "monday"}', 400, "'products': nothing"),
        (b'{"products": [1], "feed": ""}', 400, "'feed': \"\""),
        (b'{"products": [1], "feed": "' + b"x" * 65 + b'"}', 400, "'feed': \"" + "x" * 65 + '"'),
        (b'{"products": [1], "feed": "a\\u0000b"}', 400, "'feed': \"a\\u0000b\""),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_what_was_found(send, raw, status, found):
    response = send("products/", raw=raw)
    assert response.status_code == status
    assert response.json()["found"] == found
    assert response.json()["wanted"]
    assert response.json()["do"]


def test_a_near_miss_of_a_name_is_told(send):
    assert send("products/", {"product": []}).json()["do"] == "Did you mean 'products'?"


@pytest.mark.parametrize(
    ("path", "name", "most"), [("products/", "products", 1000), ("orders/", "orders", 200), ("events/", "events", 50)]
)
def test_a_batch_that_is_too_long_is_refused_whole(send, path, name, most):
    body = told("b1") if name == "events" else {}
    response = send(path, body | {name: [{}] * (most + 1)})
    assert response.status_code == 413
    assert response.json()["found"] == f"'{name}': a list of {most + 1}"
    assert response.json()["wanted"] == f"'{name}': a list of 1 to {most}"


def test_a_body_that_is_too_big_is_not_read(send):
    response = send("events/", raw=b" " * (256 * 1024 + 1))
    assert (response.status_code, response.json()["wanted"]) == (413, "262144 bytes at most")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"content_type": "text/plain"}, 'a body of type "text/plain"'),
        ({"content_type": "application/x-www-form-urlencoded"}, 'a body of type "application/x-www-form-urlencoded"'),
        ({"content_type": "multipart/form-data; boundary=x"}, 'a body of type "multipart/form-data; boundary=x"'),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 'a body packed as "gzip"'),
    ],
)
def test_only_plain_json_is_read(send, header, found):
    response = send("products/", BODIES["products/"], **header)
    assert (response.status_code, response.json()["found"]) == (415, found)


def test_only_json_is_answered(send):
    response = send("status/", method="GET", HTTP_ACCEPT="text/html")
    assert (response.status_code, response.json()["found"]) == (406, 'a wish for "text/html"')


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [("products/", "GET", "POST, PUT"), ("orders/", "DELETE", "POST"), ("status/", "POST", "GET"),
     ("products/1/", "POST", "DELETE"), ("orders/", "OPTIONS", "POST")],
)  # fmt: skip
def test_a_method_that_an_address_does_not_know_is_told_which_it_does(send, path, method, allowed):
    response = send(path, {}, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    assert response.json()["wanted"] == allowed


@pytest.mark.parametrize("path", ["", "nowhere/", "products", "orders/1/", "feeds/complete/"])
def test_an_unknown_address_is_answered_in_json_too(send, path):
    response = send(path, {})
    assert (response.status_code, response.json()["found"]) == (404, "an unknown address")


def test_more_requests_than_a_key_may_make_are_asked_to_wait(settings, send):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"personalize": "2/min"}}
    with override_personalize(INGEST_KEYS=[KEY, OTHER]):
        assert [send("status/", method="GET").status_code for _ in range(3)] == [200, 200, 429]
        response = send("status/", method="GET")
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert set(response.json()) == {"found", "wanted", "do"}
        assert send("status/", method="GET", key=OTHER).status_code == 200
        cache.clear()
        assert send("status/", method="GET").status_code == 200


class CacheThatIsAway(DummyCache):
    def get(self, *args, **kwargs):
        raise RuntimeError("no cache server")


def test_without_a_cache_that_counts_requests_are_taken_and_it_is_logged(settings, send, caplog):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CacheThatIsAway"}}
    assert send("products/", BODIES["products/"]).status_code == 200
    assert "requests_not_counted" in caplog.text
    assert KEY not in caplog.text


def test_of_many_faults_the_first_hundred_are_told_and_the_others_counted(send):
    answer = send("products/", {"products": [product("", link="") for _ in range(60)]}).json()
    assert [each["index"] for each in answer["errors"]] == [number // 2 for number in range(100)]
    assert answer["more_errors"] == 20
    assert "more_errors" not in send("products/", {"products": [product("")]}).json()


def test_of_many_unknown_names_ten_are_told(send):
    answer = send("orders/", {"orders": [order("A", "1", **{f"name{number}": 1 for number in range(5000)})]}).json()
    assert [each["name"] for each in answer["errors"]] == [f"name{number}" for number in range(10)]


def test_of_an_orders_faults_the_first_ten_are_told(send):
    lines = [{"line": str(number), "item": "1", "quantity": 0} for number in range(500)]
    answer = send("orders/", {"orders": [order("A", lines=lines), order("", "1")]}).json()
    names = [(each["index"], each["name"]) for each in answer["errors"]]
    assert names == [*((0, f"lines[{number}].quantity") for number in range(10)), (1, "id")]
    assert "more_errors" not in answer


def test_what_the_project_says_of_its_own_views_does_not_apply(settings, send):
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "EXCEPTION_HANDLER": "nowhere.at_all",
        "UNAUTHENTICATED_USER": None,
    }
    assert send("products/", BODIES["products/"]).status_code == 200
    assert send("products/", BODIES["products/"], key=OTHER).status_code == 401


@pytest.mark.parametrize("path", ["products/", "feeds/", "orders/"])
def test_a_shop_that_is_read_elsewhere_takes_no_feed(send, path, memory_shop):
    response = send(path, BODIES[path])
    assert response.status_code == 409
    assert "MemoryShop" in response.json()["found"]
    assert not FeedItem.objects.exists()


def test_a_database_that_is_away_is_no_fault_of_the_request(send, monkeypatch):
    from django.db import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("the database is locked")

    monkeypatch.setattr("django_personalize.api.products.clock.now", away)
    response = send("products/", BODIES["products/"])
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.json()["wanted"] == "the same request again"
    assert not FeedItem.objects.exists()
