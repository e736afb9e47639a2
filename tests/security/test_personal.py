"""Threat S3: whatever a page, an address or a header fills, nobody's address or number is in a table or the spool."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import models
from django.utils.http import urlencode

from django_personalize.conf import settings as ours
from django_personalize.events import drain
from django_personalize.events.lines import unframed
from django_personalize.models import Event
from django_personalize.visitors import cookie
from tests.people import token, visitor
from tests.security.personal import PERSONAL

pytestmark = pytest.mark.django_db
HERE = {"Sec-Fetch-Site": "same-origin"}
BATCH = 40
SHORTEST = 7


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers, tmp_path):
    settings.ROOT_URLCONF = "tests.security.urls"
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "SINK": "django_personalize.events.sinks.SpoolSink",
        "SPOOL": str(tmp_path / "spool"),
        "DRAIN": "command",
        "CAPTURE": "server",
    }
    answers(personalization="granted", analytics="granted")


def squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def texts_in_tables() -> set[str]:
    """Every text in every column of ours that holds any."""
    kinds = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    found: set[str] = set()
    for model in apps.get_app_config("personalize").get_models():
        names = [field.attname for field in model._meta.concrete_fields if isinstance(field, kinds)]
        for row in model.objects.values_list(*names) if names else ():
            for value in row:
                found.add(
                    bytes(value).decode(errors="replace") if isinstance(value, memoryview | bytes) else str(value)
                )
    return found


def texts_in_spool() -> set[str]:
    found: set[str] = set()

    def gather(value: object) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for each in value.values():
                gather(each)
        elif isinstance(value, list):
            for each in value:
                gather(each)

    for path in ours.SPOOL.glob("*"):
        for line in path.read_bytes().splitlines():
            whole = unframed(line)
            if whole is not None:
                gather(json.loads(whole[1]))
    return found


def leaked(texts: set[str]) -> list[str]:
    """Which of the corpus stand in these texts, also without what separates their parts."""
    opaque = re.compile(r"[0-9a-f]{32}")
    joined = "\n".join(squeezed(text) for text in texts if not opaque.fullmatch(text.replace("-", "")))
    return [each for each in PERSONAL if len(squeezed(each)) >= SHORTEST and squeezed(each) in joined]


def told(client, *events):
    """Tell a batch as a visitor of its own, so that no limit is met."""
    client.cookies[cookie.NAME] = token(visitor("personalization", "analytics"))
    body = json.dumps({"events": [{"id": str(uuid4()), "ago": 0, **event} for event in events]})
    response = client.post("/personalize/events/", body, content_type="application/json", headers=HERE)
    assert response.status_code in (200, 204)


def test_the_corpus_is_one():
    assert len(set(PERSONAL)) >= 500
    assert set(leaked({PERSONAL[0], "mug"})) >= {PERSONAL[0]}
    assert leaked({"mug"}) == []


def test_nothing_that_a_script_tells_is_kept(client, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}
    for start in range(0, len(PERSONAL), BATCH):
        batch = [text[:64] for text in PERSONAL[start : start + BATCH]]
        told(client, *({"name": "search", "params": {"search_term": text, "results": 1}} for text in batch))
        told(client, *({"name": "search", "params": {"search_term": f"mug {text}"}} for text in batch))
        told(client, *({"name": "select_promotion", "params": {"promotion_id": text}} for text in batch))
        told(client, *({"name": "view_item", "params": page_of(text)} for text in batch))
        told(client, *({"name": "dismiss", "params": {"reason": text, "items": [{"item_id": "1"}]}} for text in batch))
        told(client, *({"name": text, "params": {"search_term": "mug", text: text}} for text in batch))
    assert_nothing_leaked(terms={"mug"})


def page_of(text: str) -> dict[str, object]:
    item = {"item_id": "1", "item_variant": text, "item_list_id": text, "item_name": text, "index": 1}
    return {"items": [item, {"item_id": text}], "item_list_id": text, "currency": text[:3]}


def test_nothing_that_an_address_or_a_header_tells_is_kept(client):
    client.cookies[cookie.NAME] = token(visitor("personalization", "analytics"))
    for text in PERSONAL:
        query = urlencode({"q": f"mug {text}", "utm_campaign": text, "utm_source": text, "utm_medium": text})
        headers = {
            "Referer": f"https://search.example/?{urlencode({'q': text})}",
            "User-Agent": f"Mozilla/5.0 ({text.encode('ascii', 'replace').decode()})",
            "Accept-Language": text.encode("ascii", "replace").decode(),
        }
        assert client.get(f"/search/?{query}", headers=headers).status_code == 200
    assert_nothing_leaked(terms={"mug"})


def assert_nothing_leaked(*, terms: set[str]) -> None:
    assert leaked(texts_in_spool()) == []
    ours.sink.spool.rotate()
    done = drain.drain(ours.SPOOL)
    assert done is not None
    assert done.facts > len(PERSONAL)
    assert leaked(texts_in_tables()) == []
    assert set(Event.objects.filter(kind="search").values_list("search_term", flat=True)) == terms
