"""For this visit only: what a shopper looked at, in one cookie that the browser forgets when it is closed.

An answer of its own, which a shopper chooses and nobody is given. On the server nothing is kept, and nobody comes into
being. A later yes or no in the banner ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from django_personalize.conf import settings
from django_personalize.consent.rules import is_for_children
from django_personalize.consent.states import TRACED, answers, answers_after
from django_personalize.core.memo import once
from django_personalize.core.types import Consents, ConsentState

NAME = "pz_visit"
MOST = 20
"""Items that the cookie holds; the newest are kept."""


def seen(request: HttpRequest) -> tuple[str, ...] | None:
    """Return the keys of what was looked at in this visit, newest first; None where that is not chosen."""
    if not settings.SESSION_TIER or NAME not in request.COOKIES:
        return None
    return once(request, "seen", lambda: _read(request.COOKIES[NAME]) if may_be_chosen(request) else None)


def may_be_chosen(request: HttpRequest) -> bool:
    """Say whether the banner is unanswered, so that this may be the answer; never for children."""
    return bool(settings.SESSION_TIER) and _is_open(answers(request)) and not is_for_children(request)


def has_ended(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Say whether this response takes the choice back: the banner was answered, or the cookie is none of ours."""
    return seen(request) is None or not _is_open(answers_after(request, response))


def write(request: HttpRequest, response: HttpResponseBase, keys: Sequence[str]) -> None:
    """Set the cookie, without an age, and forbid every cache to keep this response."""
    value = _signer().sign_object(list(dict.fromkeys(keys))[:MOST], compress=True)
    response.set_cookie(NAME, value, secure=request.is_secure(), httponly=True, samesite="Lax")
    add_never_cache_headers(response)


def end(response: HttpResponseBase) -> None:
    response.delete_cookie(NAME, samesite="Lax")
    add_never_cache_headers(response)


def _is_open(given: Consents) -> bool:
    return all(given[purpose] is ConsentState.UNKNOWN for purpose in TRACED)


def _read(raw: str) -> tuple[str, ...] | None:
    try:
        keys: Any = _signer().unsign_object(raw)
    except (signing.BadSignature, ValueError):
        return None
    return tuple(keys)


def _signer() -> signing.Signer:
    return signing.Signer(salt="django_personalize.visit")
