"""Threat S6: whatever a shop, a shopper or a forger wrote is text on every page, never markup.

A page with a payload has exactly the elements and attributes of the same page with plain words.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.utils.http import urlencode

from django_personalize.core import clock
from django_personalize.models import (
    ConsentRecord,
    Credit,
    Decision,
    Event,
    Finding,
    Impression,
    Intake,
    ModelVersion,
    Promotion,
    Quarantined,
    Rule,
    TrainingRun,
    Visitor,
)
from django_personalize.visitors import cookie
from tests.people import request_of, token, visitor

pytestmark = pytest.mark.django_db
BREAKS = [
    "",
    '"',
    "'",
    "`",
    '">',
    "'>",
    "-->",
    "</template>",
    "</script>",
    "</title>",
    "</textarea>",
    "\\",
    "]]>",
    "&#34;>",
]
CORES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    " onmouseover=alert(1) x=",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "{{ request }}{% debug %}",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
]
PAYLOADS = [f"{start}{core}" for start, core in itertools.product(BREAKS, CORES)]
assert len(PAYLOADS) >= 100
PLAIN = "plain words"


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and the values of those that hold addresses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.parts[tag, tuple(sorted(name for name, _ in attributes))] += 1
        assert not [name for name, _ in attributes if name.startswith("on")]

    def handle_decl(self, declaration):
        self.parts["!", (declaration,)] += 1

    def handle_comment(self, data):
        self.parts["--", ()] += 1


def skeleton(html: str) -> Counter:
    return Skeleton(html).parts


PAGE = """{% load personalize %}{% you_may_also_like product %}{% personal_home title=title %}
{% frequently_bought_together product as row %}{% for shown in row %}{{ shown.reason }}{% endfor %}
{% personalize_product product %}{% personalize_search title 3 %}{% personalize_script %}"""


def drawn(shop, text, *, key="1"):
    """A product's page of a visitor with a history, in a shop that is called `text` everywhere."""
    for at, item in list(shop.stock.items()):
        shop.stock[at] = replace(
            item, title=f"{text} {at}", category=text, brand=text, image=f"/i/{text}", url=f"/p/{text}", currency="GBP"
        )
    me = visitor("personalization", "analytics")
    for place, seen in enumerate(("2", "3")):
        at = clock.now() - timedelta(minutes=place)
        Event.objects.create(
            uid=uuid4(),
            kind="view_item",
            occurred_at=at,
            received_at=at,
            visitor=me,
            item_key=seen,
            search_term=text[:100],
        )
    request = request_of(me, url="/?" + urlencode({"q": text, "query": text}), HTTP_USER_AGENT=text.replace("\n", " "))
    context = Context({"request": request, "product": shop.stock[key], "title": text})
    return Template(PAGE).render(context)


@pytest.fixture
def shop(memory_shop, settings, answers):
    settings.ROOT_URLCONF = "tests.security.urls"
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}
    answers(personalization="granted", analytics="granted")
    return memory_shop


def test_nothing_of_a_product_a_search_or_a_browser_is_markup_in_a_row(shop):
    usual = skeleton(drawn(shop, PLAIN))
    assert usual["article", ("class",)] >= 3
    assert sum(usual.values()) > 20
    for payload in PAYLOADS:
        assert skeleton(drawn(shop, payload)) == usual, payload


def test_a_key_of_markup_is_a_key(shop):
    """Keys come from the shop's rows, and stand in attributes."""
    usual = skeleton(drawn(shop, PLAIN))
    for payload in PAYLOADS:
        key = payload[:64]
        shop.stock = {key: replace(shop.stock.get("1") or next(iter(shop.stock.values())), key=key, url="/p/")}
        request = request_of(None)
        context = Context({"request": request, "product": shop.stock[key], "title": "t"})
        html = Template("{% load personalize %}{% personalize_product product %}").render(context)
        parts = skeleton(html)
        assert parts == Counter({("template", ("data-pz-item",)): 1}), payload
    assert usual


def test_what_a_script_tells_is_no_markup_anywhere(client, shop):
    client.cookies[cookie.NAME] = token(visitor("personalization", "analytics"))
    for start in range(0, len(PAYLOADS), 40):
        told = [
            {"id": str(uuid4()), "name": "search", "ago": 0, "params": {"search_term": payload[:100]}}
            for payload in PAYLOADS[start : start + 40]
        ]
        headers = {"Sec-Fetch-Site": "same-origin"}
        client.post(
            "/personalize/events/", json.dumps({"events": told}), content_type="application/json", headers=headers
        )
    assert Event.objects.filter(kind="search").count() > len(PAYLOADS) // 2
    plain = skeleton(client.get("/personalize/my-data/").content.decode())
    assert not [part for part in plain if part[0] in ("svg", "iframe", "math")]


def rows_of(text):
    """A row in each table that the desk shows, with this text wherever there is one."""
    now, short = clock.now(), text[:64]
    Finding.objects.create(day=now.date(), reason=short, sample=text[:200], count=1)
    Intake.objects.create(day=now.date(), sink="db", outcome="refused", reason=short, count=1)
    Quarantined.objects.create(
        arrived_at=now, sink="db", reason=short, detail=text[:300], payload=text.encode(), facts=1
    )
    ModelVersion.objects.create(
        directory=str(uuid4()), manifest_sha256="0" * 64, as_of=now, created_at=now, fingerprint=short, seconds=1.0,
        verdict=text, counts={text: text},
        metrics={"table": text, "ladder": {"rungs": {text: {"on": True, "why": text}}}},
    )  # fmt: skip
    TrainingRun.objects.create(
        kind="full", asked_by="admin", status="failed", stage=short[:16], host=text[:128], pid=1, started_at=now,
        beat_at=now, as_of=now, fingerprint=short, counts={text: text}, metrics={text: text}, log=[[text, 1.0]],
        why=text,
    )  # fmt: skip
    me = visitor("personalization", "analytics")
    decision = Decision.objects.create(
        visitor=me, placement=short, decided_at=now - timedelta(days=1), pipeline=short, rung=short[:32], holdout=True
    )
    Impression.objects.create(decision=decision, slot=1, item_key=short, seen_at=now)
    purchase = Event.objects.create(kind="purchase", visitor=me, item_key=short, occurred_at=now, received_at=now)
    Credit.objects.create(
        purchase=purchase, decision=decision, slot=1, placement=short, clicked_at=now,
        bought_at=now - timedelta(days=1), share=1, currency=short[:3], amount=1, refunded=0, credited_at=now,
    )  # fmt: skip
    ConsentRecord.objects.create(
        number=ConsentRecord.objects.count() + 1,
        subject=uuid4(),
        fields={"at": text, "granted": [text], "refused": [text], "text": text, "language": text, "source": text},
        commitment="c" * 64,
        chain=uuid4().hex * 2,
    )
    Rule.objects.create(
        name=text[:100], kind="pin", slot=1, placements=[text], item_keys=[text], categories=[text], brands=[text],
        attributes={text: [text]}, segments=[text],
    )  # fmt: skip
    Promotion.objects.create(
        name=text[:100], texts={"en": {"title": text, "text": text, "button": text}, text: {"title": text}}, link=text,
        image=text, categories=[text], brands=[text], segments=[text],
    )  # fmt: skip


DESK = (
    "finding", "intake", "quarantined", "modelversion", "trainingrun", "consentrecord", "rule", "promotion", "credit",
)  # fmt: skip
WITHOUT_ROWS = {"credit"}
"""Tables that the desk shows in sums, and no row of."""
MODELS = {"credit": Credit, "finding": Finding, "intake": Intake, "quarantined": Quarantined,
          "modelversion": ModelVersion, "trainingrun": TrainingRun, "consentrecord": ConsentRecord, "rule": Rule,
          "promotion": Promotion}  # fmt: skip


def desk(admin_client, texts):
    """The list of each table that holds these texts, and the pages of its first two rows."""
    for model in (*MODELS.values(), Visitor, Event):
        model.objects.all().delete()
    for text in texts:
        rows_of(text)
    found = []
    for name in DESK:
        rows = [f"{pk}/change/" for pk in MODELS[name].objects.order_by("pk").values_list("pk", flat=True)[:2]]
        for page in ("", *(() if name in WITHOUT_ROWS else rows)):
            response = admin_client.get(f"/admin/personalize/{name}/{page}")
            assert response.status_code == 200, (name, page)
            found.append((name, bool(page), skeleton(response.content.decode())))
    return found


@pytest.mark.parametrize("at", range(0, len(PAYLOADS), 14))
def test_nothing_in_the_desks_lists_is_markup(admin_client, at):
    payloads = PAYLOADS[at : at + 14]
    usual = desk(admin_client, [f"{PLAIN} {number}" for number in range(len(payloads))])
    assert len(usual) == 3 * len(DESK) - 2 * len(WITHOUT_ROWS)
    assert desk(admin_client, payloads) == usual


def test_every_table_that_the_desk_shows_is_looked_at():
    from django.contrib import admin

    shown = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "personalize"}
    assert shown == set(DESK)


@pytest.mark.parametrize("payload", PAYLOADS[::7])
def test_no_answer_of_an_address_of_ours_is_a_page(client, shop, payload):
    """What is repeated is JSON or plain text, and no browser takes it for markup."""
    client.cookies[cookie.NAME] = token(visitor("personalization"))
    body = json.dumps({"events": [{"id": payload, "name": payload}], payload: payload})
    for address, headers in (
        ("/personalize/events/", {"Sec-Fetch-Site": "same-origin"}),
        ("/personalize/events/", {"Origin": payload.replace("\n", "")}),
        ("/personalize/api/v1/events/", {"Authorization": "Bearer x"}),
    ):
        response = client.post(address, body, content_type="application/json", headers=headers)
        assert response["Content-Type"].split(";")[0] in ("application/json", "text/plain")
        assert "<script" not in response.content.decode()
