"""The answers of the browser behind a request, read once per request."""

from __future__ import annotations

import copy
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from django_personalize.conf import settings
from django_personalize.consent.rules import ruled
from django_personalize.core.memo import once
from django_personalize.core.types import Consents, ConsentState, Purpose

TRACED = (Purpose.ANALYTICS, Purpose.PERSONALIZATION)
"""The purposes that permit a visitor id."""


def answers(request: HttpRequest) -> Consents:
    """Return what this browser itself has answered, whatever counts for it."""
    return once(request, "answers", lambda: settings.consent.states(request))


def answers_after(request: HttpRequest, response: HttpResponseBase) -> Consents:
    """Return the answers as the browser will hold them once it has taken this response's cookies."""
    if not response.cookies:
        return answers(request)
    answered: Any = copy.copy(request)
    answered.COOKIES = request.COOKIES | {name: morsel.value for name, morsel in response.cookies.items()}
    return settings.consent.states(answered)


def states(request: HttpRequest) -> Consents:
    """Return what counts as the answer to every purpose as this request begins."""
    return once(request, "consents", lambda: ruled(request, answers(request)))


def states_after(request: HttpRequest, response: HttpResponseBase) -> Consents:
    """Return what counts from this response on."""
    return ruled(request, answers_after(request, response)) if response.cookies else states(request)


def granted(consents: Consents) -> frozenset[Purpose]:
    """Return the purposes with a yes; UNKNOWN is no."""
    return frozenset(purpose for purpose, state in consents.items() if state is ConsentState.GRANTED)


def note_answer(request: HttpRequest) -> None:
    """Have the middleware follow this request as it does one to the banner: it may answer for its browser."""
    vars(request)["_personalize_answered"] = True


def may_answer(request: HttpRequest) -> bool:
    return "_personalize_answered" in vars(request)
