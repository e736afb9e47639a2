import json
from uuid import UUID, uuid4

import pytest

from django_personalize.core.types import DecisionDraft, Reason, Slot
from django_personalize.events import store
from django_personalize.models import Impression
from django_personalize.testing.contracts import MOMENT
from django_personalize.visitors import cookie
from tests.people import token, visitor

pytestmark = pytest.mark.django_db
URL = "/personalize/seen/"
HERE = {"Sec-Fetch-Site": "same-origin"}


def decision(me):
    slots = tuple(
        Slot(slot=n, item_key=f"i{n}", source="popular", score=1.0, propensity=1.0, reason=Reason(code="popular"))
        for n in (1, 2)
    )
    uid = uuid4()
    store.insert_decisions(
        [
            DecisionDraft(
                uid=uid, visitor_id=me.pk, placement="x", decided_at=MOMENT, pipeline="x", rung="popular",
                model_version=None, context=(), rules=(), experiment="", variant="", consent=(), slots=slots,
            )
        ]
    )  # fmt: skip
    return uid


@pytest.fixture
def me(answers, client):
    answers(personalization="granted")
    me = visitor("personalization")
    client.cookies[cookie.NAME] = token(me)
    return me


def post(client, body, headers=HERE):
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(URL, raw, content_type="application/json", headers=headers)


def test_what_was_seen_is_kept_once(client, me):
    uid = decision(me)
    for _ in range(2):
        assert post(client, {"decision": str(uid), "slots": [2, 7]}).status_code == 204
    assert list(Impression.objects.values_list("decision_id", "slot", "item_key")) == [(uid, 2, "i2")]


def test_nobody_reports_on_another_ones_page(client, me):
    uid = decision(visitor("personalization"))
    assert post(client, {"decision": str(uid), "slots": [1]}).status_code == 204
    assert not Impression.objects.exists()


def test_a_stranger_is_answered_alike_and_nothing_is_kept(client, answers):
    uid = decision(visitor("personalization"))
    assert post(client, {"decision": str(uid), "slots": [1]}).status_code == 204
    assert not Impression.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://testserver"}, 204),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_only_pages_of_this_shop_are_heard(client, me, headers, status):
    response = post(client, {"decision": str(decision(me)), "slots": [1]}, headers)
    assert response.status_code == status
    assert Impression.objects.exists() is (status == 204)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"7", b"null", b"\xff", b"{}",
        b'{"decision": "x", "slots": []}', b'{"decision": 7, "slots": [1]}',
        json.dumps({"decision": str(UUID(int=1)), "slots": "abc"}).encode(),
        json.dumps({"decision": str(UUID(int=1)), "slots": [None]}).encode(),
        b'{"decision": "00000000-0000-0000-0000-000000000001", "slots": [1e999]}',
        b"[" * 5_000,
    ],
)  # fmt: skip
def test_a_bad_body_is_refused_with_the_wanted_form(client, me, body):
    response = post(client, body)
    assert response.status_code == 400
    assert b'{"decision": "<uuid>", "slots": [1, 2]}' in response.content


def test_a_large_body_is_refused_unread(client, me):
    assert post(client, b" " * (64 * 1024 + 1)).status_code == 413


def test_a_page_does_not_ask_by_get(client):
    assert client.get(URL).status_code == 405
