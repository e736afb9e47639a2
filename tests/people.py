"""Requests of people in every state of consent."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.models import Visitor
from django_personalize.testing.contracts import MOMENT
from django_personalize.visitors import cookie
from django_personalize.visitors.resolve import Presence, token_for


def visitor(*purposes: str, **changes: Any) -> Visitor:
    values: dict[str, Any] = {
        "granted": dict.fromkeys(purposes, True),
        "created_at": MOMENT,
        "answered_at": clock.now(),
    }
    return Visitor.objects.create(**(values | changes))


def token(of: Visitor) -> str:
    """The signed value of this visitor's cookie."""
    response = HttpResponse()
    cookie.write(RequestFactory().get("/"), response, _token(of))
    return str(response.cookies[cookie.NAME].value)


def _token(of: Visitor) -> cookie.Token:
    return token_for(of, frozenset(Purpose(word) for word in of.granted))


def here(of: Visitor) -> Presence:
    """What the middleware knows of somebody who is here."""
    return Presence(_token(of), lambda: of)


def request_of(of: Visitor | None = None, *, user: Any = None, url: str = "/", **extra: Any) -> HttpRequest:
    request = RequestFactory().get(url, **extra)
    request.user = user or AnonymousUser()
    if of is not None:
        request.COOKIES[cookie.NAME] = token(of)
    return request
