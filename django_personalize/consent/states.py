"""The answers of the browser behind a request, read once per request."""

from __future__ import annotations

import copy
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Consents, ConsentState, Purpose

TRACED = (Purpose.ANALYTICS, Purpose.PERSONALIZATION)
"""The purposes that permit a visitor id."""


def states(request: HttpRequest) -> Consents:
    """Return the answer to every purpose as this request carries it."""
    return once(request, "consents", lambda: settings.consent.states(request))


def states_after(request: HttpRequest, response: HttpResponseBase) -> Consents:
    """Return the answers as the browser will hold them once it has taken this response's cookies."""
    if not response.cookies:
        return states(request)
    answered: Any = copy.copy(request)
    answered.COOKIES = request.COOKIES | {name: morsel.value for name, morsel in response.cookies.items()}
    return settings.consent.states(answered)


def granted(consents: Consents) -> frozenset[Purpose]:
    """Return the purposes with a yes; UNKNOWN is no."""
    return frozenset(purpose for purpose, state in consents.items() if state is ConsentState.GRANTED)
