"""The visitor cookie: random, signed, at most thirteen months, and only on a response that no cache keeps."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from django_personalize.core.types import Purpose
from django_personalize.models.visitor import YES_LASTS

NAME = "pz_vid"
LEAVE = "pz_yes"
"""Says only that there was a yes, to the page's script, which may not read the other: it is silent without."""
MAX_AGE = int(YES_LASTS.total_seconds())
_SIGNER = signing.Signer(salt="django_personalize.visitor")


@dataclass(frozen=True, slots=True)
class Token:
    """What the cookie says: who, and to what they had said yes when it was set."""

    visitor_id: UUID
    granted: frozenset[Purpose]
    """Lets a withdrawal be noticed without a query."""


def read(request: HttpRequest) -> Token | None:
    """Return the cookie's content; None for no cookie, a forged one, and one that is not ours."""
    raw = request.COOKIES.get(NAME, "")
    if not raw:
        return None
    try:
        identity, _, purposes = _SIGNER.unsign(raw).partition(".")
        return Token(UUID(hex=identity), frozenset(Purpose(word) for word in purposes.split("+") if word))
    except (signing.BadSignature, ValueError):
        return None


def write(request: HttpRequest, response: HttpResponseBase, token: Token) -> None:
    """Set the cookie, and forbid every cache to keep this response: a cached id would be shared by strangers."""
    value = f"{token.visitor_id.hex}.{'+'.join(sorted(token.granted))}"
    response.set_cookie(
        NAME, _SIGNER.sign(value), max_age=MAX_AGE, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
    response.set_cookie(LEAVE, "1", max_age=MAX_AGE, secure=request.is_secure(), samesite="Lax")
    add_never_cache_headers(response)


def clear(response: HttpResponseBase) -> None:
    response.delete_cookie(NAME, samesite="Lax")
    silence(response)


def silence(response: HttpResponseBase) -> None:
    """Take back the script's leave to speak."""
    response.delete_cookie(LEAVE, samesite="Lax")
    add_never_cache_headers(response)
