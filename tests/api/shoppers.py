"""Shoppers who ask the API: by the cookies of this shop's own pages, or by the token of another shop's front end."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from django_personalize.models import Visitor
from django_personalize.visitors import bearer, cookie
from tests.people import token

ROOT = "/personalize/api/v1/"
SAME = {"Sec-Fetch-Site": "same-origin"}


def browser(of: Visitor | None = None, **options: Any) -> Client:
    client = Client(headers=SAME, **options)
    if of is not None:
        client.cookies[cookie.NAME] = token(of)
    return client


def front_end(of: Visitor) -> Client:
    return Client(headers={"Authorization": f"Bearer {bearer.issue(of)}"})


def ask(client: Client, method: str, path: str, body: Any = None, **extra: Any) -> Any:
    given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return getattr(client, method.lower())(f"{ROOT}{path}", **given, **extra)


def ok(client: Client, method: str, path: str, body: Any = None, **extra: Any) -> Any:
    response = ask(client, method, path, body, **extra)
    assert response.status_code in (200, 204), response.content
    if path != "events/":
        assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    return response.json() if response.content else None
