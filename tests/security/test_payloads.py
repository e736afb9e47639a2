"""Threats S10 and S11: no body is an error of ours, takes long, stalls a batch or vanishes without a name.

`PERSONALIZE_FUZZ=10000` asks for as many made-up bodies; the suite is run against SQLite and against PostgreSQL.
"""

from __future__ import annotations

import json
import os
import time
from uuid import uuid4

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings, strategies

from django_personalize.capture.refusals import REFUSALS, UNKNOWN_DECISION
from django_personalize.conf import settings as ours
from django_personalize.events import drain, intake
from django_personalize.events.vocabulary import KINDS
from django_personalize.models import Event
from django_personalize.visitors import cookie
from django_personalize.web.events import MAX_BYTES
from tests.people import token, visitor
from tests.security.bodies import GOOD, HEAVY, POISON, batch

pytestmark = pytest.mark.django_db
BODIES = int(os.environ.get("PERSONALIZE_FUZZ", "300"))
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers, tmp_path):
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "SINK": "django_personalize.events.sinks.SpoolSink",
        "SPOOL": str(tmp_path / "spool"),
        "DRAIN": "command",
        "CAPTURE": "beacon",
    }
    answers(personalization="granted")


@pytest.fixture
def me(client):
    me = visitor("personalization")
    client.cookies[cookie.NAME] = token(me)
    return me


def post(client, body, content_type="application/json"):
    return client.post("/personalize/events/", body, content_type=content_type, headers=HERE)


def checked(response, statuses=(200, 204, 400, 413)):
    assert response.status_code in statuses
    assert "no-store" in response["Cache-Control"]
    if response.status_code == 200:
        answer = response.json()
        assert set(answer["refused"]) <= set(REFUSALS)
        assert answer["stored"] + sum(answer["refused"].values()) > 0
    return response


def a_good_one():
    return batch({**GOOD, "id": str(uuid4())})


def drained():
    """Store what waits, and return the account: it closes, nothing waits, and no fact is set aside as unstorable.

    A fact about a decision that nobody has seen is: it may be on its way, and is given up an hour later.
    """
    ours.sink.spool.rotate()
    drain.drain(ours.SPOOL)
    found = intake.account()
    assert (found.difference, found.waiting) == (0, 0)
    assert set(found.quarantined) <= {UNKNOWN_DECISION}
    assert set(found.refused) <= set(REFUSALS)
    return found


@pytest.mark.parametrize("name", POISON)
def test_poison_is_answered_and_what_follows_it_is_stored(client, me, name):
    first = post(client, a_good_one())
    began = time.monotonic()
    answer = checked(post(client, POISON[name]))
    assert time.monotonic() - began < 1.0
    last = post(client, a_good_one())
    assert (first.status_code, last.status_code) == (204, 204)
    found = drained()
    refused = sum(answer.json()["refused"].values()) if answer.status_code == 200 else 0
    assert sum(found.refused.values()) == refused
    kept = 1 if answer.status_code == 204 else answer.json()["stored"] if answer.status_code == 200 else 0
    assert found.stored == Event.objects.count() == 2 + kept


def test_all_poison_in_one_batch_costs_the_good_ones_nothing(client, me):
    events = []
    for body in POISON.values():
        try:
            events += json.loads(body)["events"]
        except (ValueError, RecursionError):
            continue
    small = [event for event in events if len(json.dumps(event)) < 2_000]
    assert len(small) >= 15
    answer = checked(post(client, batch(*small, *({**GOOD, "id": str(uuid4())} for _ in range(10)))))
    assert answer.status_code == 200
    found = drained()
    assert Event.objects.filter(item_key="1", item_list_id="").count() >= 10
    assert found.received == found.stored + found.duplicate + sum(found.refused.values())


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_meant_to_be_heavy_is_refused_quickly(client, me, name):
    began = time.monotonic()
    answer = checked(post(client, HEAVY[name]))
    assert time.monotonic() - began < 1.0
    assert (answer.status_code == 413) is (len(HEAVY[name]) > MAX_BYTES)
    drained()


# Bodies that a machine makes up

TEXTS = strategies.one_of(
    strategies.text(max_size=80), strategies.sampled_from(["", "1", "4", "x" * 70, "\0", "\ud800", "anna@example.com"])
)
SCALARS = strategies.one_of(
    strategies.none(), strategies.booleans(), TEXTS, strategies.floats(), strategies.integers(-(2**70), 2**70)
)
ANYTHING = strategies.recursive(
    SCALARS,
    lambda inner: strategies.lists(inner, max_size=4) | strategies.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
UUIDS = strategies.uuids().map(str) | ANYTHING
NUMBERS = strategies.integers(0, 10) | ANYTHING
ITEM = strategies.fixed_dictionaries(
    {},
    optional={
        "item_id": strategies.sampled_from(["1", "2", "4", "77"]) | ANYTHING,
        "item_variant": ANYTHING,
        "item_list_id": TEXTS | ANYTHING,
        "quantity": NUMBERS,
        "price": NUMBERS,
        "index": NUMBERS,
    },
)
PARAMS = strategies.fixed_dictionaries(
    {},
    optional={
        "items": strategies.lists(ITEM | ANYTHING, max_size=4) | ANYTHING,
        "currency": strategies.just("GBP") | ANYTHING,
        "search_term": TEXTS | ANYTHING,
        "results": NUMBERS,
        "decision": UUIDS,
        "slots": strategies.lists(NUMBERS, max_size=4) | ANYTHING,
        "engagement_time_msec": NUMBERS,
        "promotion_id": TEXTS | ANYTHING,
        "reason": strategies.just("have_it") | ANYTHING,
        "item_list_id": TEXTS | ANYTHING,
    },
)
EVENT = strategies.fixed_dictionaries(
    {},
    optional={
        "id": UUIDS,
        "name": strategies.sampled_from(sorted(KINDS)) | ANYTHING,
        "ago": strategies.integers(0, 1_000) | ANYTHING,
        "params": PARAMS | ANYTHING,
    },
)
MADE_UP = strategies.one_of(
    strategies.fixed_dictionaries({"events": strategies.lists(EVENT | ANYTHING, max_size=6)}).map(json.dumps),
    strategies.fixed_dictionaries({"events": strategies.lists(EVENT, min_size=1, max_size=6)}).map(json.dumps),
    ANYTHING.map(json.dumps),
    strategies.binary(max_size=200),
    strategies.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


def test_no_made_up_body_is_an_error_and_each_fact_has_an_end(client, me):
    @settings(
        max_examples=BODIES,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(MADE_UP, strategies.sampled_from(["application/json", "text/plain;charset=UTF-8"]))
    def told(body, content_type):
        nonlocal bodies
        bodies += 1
        cache.clear()  # one visitor tells as much as a thousand do
        # A client that sends nothing says of no type what it is.
        checked(post(client, body or b" ", content_type))
        if bodies % 1_000 == 0:
            drained()

    bodies = 0
    told()
    assert bodies >= BODIES * 0.9
    before = Event.objects.count()
    assert post(client, a_good_one()).status_code == 204
    found = drained()
    assert Event.objects.count() > before
    assert found.stored >= 1
    assert found.refused


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: pz_vid=1", "a\nb", "\r", "a\0b", "é", "\x7f" * 300])
def test_no_header_is_carried_into_an_answer(client, me, value):
    """S12: nothing that a client wrote stands in a header of ours."""
    body = batch({**GOOD, "id": str(uuid4()), "name": value, "params": {value: value}})
    for answer in (
        post(client, body),
        client.post("/personalize/events/", body, content_type="application/json", HTTP_ORIGIN=value),
        client.post("/personalize/events/", body, content_type="application/json", headers=HERE, HTTP_COOKIE=value),
        client.post("/personalize/events/", body, content_type="application/json", headers=HERE, HTTP_USER_AGENT=value),
    ):
        assert answer.status_code in (200, 204, 403)
        for name, told in answer.items():
            assert value.strip() not in told or not value.strip()
            assert "\r" not in told + name
            assert "\n" not in told + name
