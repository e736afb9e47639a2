"""Another server that posts: its key, and bodies as it would send them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

KEY = "a-key-for-tests-that-is-long-enough"
ROOT = "/personalize/api/v1/"
Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _feed_shop(settings: Any) -> None:
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "SHOP": "django_personalize.integrations.http.FeedShop",
        "INGEST_KEYS": [KEY],
    }


@pytest.fixture
def send(client: Any) -> Post:
    """`send("products/", {...})` posts a body under the key; `method=` and headers may be given."""

    def send(
        path: str, body: Any = None, *, method: str = "POST", key: str = KEY, raw: bytes = b"", **extra: Any
    ) -> Any:
        data = raw if body is None else json.dumps(body).encode()
        extra = {"HTTP_AUTHORIZATION": f"Bearer {key}", "content_type": "application/json"} | extra
        return client.generic(method, ROOT + path, data, **extra)

    return send


@pytest.fixture
def ok(send: Post) -> Post:
    """The answer to a request that must succeed."""

    def ok(path: str, body: Any = None, **extra: Any) -> Any:
        response = send(path, body, **extra)
        assert response.status_code == 200, response.content
        return response.json()

    return ok


several_writers = pytest.mark.skipif(
    "sqlite" in django_settings.DATABASES["default"]["ENGINE"], reason="one writer at a time"
)


def during(first: Callable[[], Any], second: Callable[[], Any]) -> None:
    """Begin `second` when `first` is done and not committed yet."""

    def other() -> None:
        second()
        connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        first()
        thread.start()
        thread.join(1)
    thread.join(30)
    assert not thread.is_alive()


def product(key: str, /, **changes: Any) -> dict[str, Any]:
    values = {"id": key, "title": f"Product {key}", "link": f"https://shop.example/{key}", "price": "2.50 GBP"}
    return {name: value for name, value in (values | changes).items() if value is not ...}


def line(item: str, /, **changes: Any) -> dict[str, Any]:
    values = {"line": f"{item}-line", "item": item, "quantity": 1, "price": "2.50"}
    return {name: value for name, value in (values | changes).items() if value is not ...}


def order(key: str, /, *items: str, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"id": key, "placed_at": "2026-02-01T12:00:00Z", "currency": "GBP"}
    values["lines"] = [line(item) for item in items]
    return {name: value for name, value in (values | changes).items() if value is not ...}


def view(number: int, item: str, **changes: Any) -> dict[str, Any]:
    values = {"id": str(UUID(int=number)), "name": "view_item", "ago": 0, "params": {"items": [{"item_id": item}]}}
    return values | changes


def told(visitor: str, *events: dict[str, Any], **answer: Any) -> dict[str, Any]:
    """A body of `events/`; a yes to both purposes unless `granted=` or `refused=` says otherwise."""
    if not {"granted", "refused"} & set(answer):
        answer["granted"] = ["analytics", "personalization"]
    return {"visitor": {"id": visitor, **answer}, "events": list(events)}
