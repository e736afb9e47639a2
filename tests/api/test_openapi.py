"""The document of the API: whole, valid, and true of every answer.

`PERSONALIZE_CONTRACT=2000` asks for as many made-up requests of every operation.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from django_personalize.api import urls
from django_personalize.api.openapi import document
from django_personalize.core import clock
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import Decision, FeedItem, Visitor
from django_personalize.visitors import bearer, cookie
from tests.api.conftest import KEY
from tests.api.contract import bodies, wrong
from tests.api.shoppers import ROOT, SAME
from tests.people import token, visitor

pytestmark = pytest.mark.django_db
REQUESTS = int(os.environ.get("PERSONALIZE_CONTRACT", "25"))
DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = document()
OPERATIONS = [(path, method) for path, each in DOCUMENT["paths"].items() for method in each]
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_it_is_served_to_anybody_as_it_is(client):
    response = client.get(f"{ROOT}openapi.json")
    assert response.json() == DOCUMENT
    assert (response["Content-Type"], "Cookie" in response.get("Vary", "")) == ("application/json", False)


def test_every_method_of_every_address_stands_in_it():
    ours = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{pattern.pattern}"), method)
        for pattern in urls.urlpatterns
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(pattern.callback.cls, method)
    }
    assert set(OPERATIONS) == ours


def test_it_is_a_document_of_openapi():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["servers"] == [{"url": "/personalize/api/v1"}]
    assert {"title", "version"} <= set(DOCUMENT["info"])
    ids = [operation["operationId"] for each in DOCUMENT["paths"].values() for operation in each.values()]
    assert len(ids) == len(set(ids))
    for path, method in OPERATIONS:
        operation = DOCUMENT["paths"][path][method]
        assert {name for each in operation["security"] for name in each} <= set(
            DOCUMENT["components"]["securitySchemes"]
        )
        assert {each["name"] for each in operation.get("parameters", ())} == set(re.findall(r"{(\w+)}", path))
        for schema in _schemas(operation):
            Draft202012Validator.check_schema(schema)
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    assert named == set(SCHEMAS)


def _schemas(operation):
    answers = [answer["content"] for answer in operation["responses"].values() if "content" in answer]
    body = [operation["requestBody"]["content"]] if "requestBody" in operation else []
    return [each["application/json"]["schema"] for each in answers + body]


def test_the_page_on_the_api_names_every_address_and_every_method():
    page = (DOCS / "api.md").read_text() + (DOCS / "headless.md").read_text()
    for path, method in OPERATIONS:
        told = re.sub(r"{\w+}", r"<\\w+>", re.escape(path[1:]).replace(r"\{", "{").replace(r"\}", "}"))
        assert re.search(rf"`{method.upper()} {told}`", page) or f"{method.upper()} products/" in page, (path, method)


@pytest.fixture
def shop(settings, memory_shop, request):
    """A shop that is asked, and one that is fed, for the addresses that fill it."""
    fed = request.node.callspec.params["path"].split("/")[1] in ("products", "feeds", "orders", "status")
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "INGEST_KEYS": [KEY],
        "CAPTURE": "beacon",
        "SHOP": f"django_personalize.{'integrations.http.FeedShop' if fed else 'testing.doubles.MemoryShop'}",
    }
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"personalize": "1000000/min"}}
    create_groups()


def asker(who):
    """A client that asks as `who`: nobody, a browser with a yes, a front end, a server."""
    if who == "server":
        return Client(headers={"Authorization": f"Bearer {KEY}"})
    if who == "nobody":
        return Client(headers=SAME)
    me = visitor("personalization", "analytics")
    Decision.objects.create(
        pk=MADE, visitor=me, placement="x", decided_at=clock.now(), pipeline="x", rung="popular",
        slots=[{"slot": 1, "item_key": "1", "anchor": "2", "reason": "because_viewed"}],
    )  # fmt: skip
    if who == "front end":
        return Client(headers={"Authorization": f"Bearer {bearer.issue(me)}"})
    client = Client(headers=SAME)
    client.post("/cookies/accept/", {"cookie_groups": ["personalization", "analytics"]})
    client.cookies[cookie.NAME] = token(me)
    return client


MADE = uuid4()
PATHS = st.sampled_from(["1", "8", "no such", "a/b", "%00", "ü", "x" * 300])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_the_document_says_and_none_is_a_fault(path, method, shop):
    operation = DOCUMENT["paths"][path][method]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    met = set()

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(
        who=st.sampled_from(["nobody", "browser", "front end", "server"]),
        told=bodies(body) if body is not None else st.none(),
        key=PATHS,
        decision=st.sampled_from([MADE, uuid4()]),
    )
    def check(who, told, key, decision):
        cache.clear()
        Visitor.objects.all().delete()
        address = path.replace("{key}", key).replace("{decision}", str(decision))
        if "{key}" in path:
            there = {"listed": True, "created": clock.now(), "received_at": clock.now()}
            FeedItem.objects.update_or_create(key="8", defaults=there)
        client = asker(who)
        given = {} if body is None else {"data": json.dumps(told), "content_type": "application/json"}
        response = getattr(client, method)(f"{ROOT}{address.lstrip('/')}", **given)
        status = str(response.status_code)
        met.add(status)
        assert response.status_code < 500, response
        answers = operation["responses"]
        answer = answers.get(status) or answers[f"{status[0]}XX"]
        assert "no-store" in response["Cache-Control"]
        text = b"".join(response.streaming_content) if response.streaming else response.content
        if "content" not in answer:
            assert text == b""
            return
        assert response["Content-Type"] == "application/json"
        assert wrong(answer["content"]["application/json"]["schema"], DOCUMENT, json.loads(text)) == []

    check()
    if REQUESTS >= 200 and path != "/feeds/":  # which wants a count that is right
        assert met & {"200", "204"}, "Nothing that was made up was ever taken."


def test_an_answer_that_is_not_as_the_document_says_would_be_seen():
    schema = {"$ref": "#/components/schemas/Placements"}
    good = {"placements": [{"slug": "x", "title": "", "decision": None, "rows": []}]}
    assert wrong(schema, DOCUMENT, good) == []
    for bad in ({}, {"placements": [{}]}, {"placements": [{**good["placements"][0], "more": 1}]},
                {"placements": [{**good["placements"][0], "decision": "no id"}]}):  # fmt: skip
        assert wrong(schema, DOCUMENT, bad)
