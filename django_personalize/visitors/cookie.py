"""The visitor cookie: random, signed, at most thirteen months, and only on a response that no cache keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from django_personalize.core.hashing import digest, digests
from django_personalize.core.types import Purpose
from django_personalize.models.visitor import YES_LASTS

NAME = "pz_vid"
LEAVE = "pz_yes"
"""Says only that there was a yes, to the page's script, which may not read the other: it is silent without."""
MAX_AGE = int(YES_LASTS.total_seconds())
PAUSED, OBJECTED = "p", "o"
_ACCOUNT = 16
"""Hex digits that stand for an account: enough to tell two apart, too few to be anybody's name."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the cookie says, so that most pages need no query to know who is here and what may be done."""

    visitor_id: UUID
    granted: frozenset[Purpose]
    """To what they had said yes when it was set: lets a withdrawal be noticed."""
    browser: UUID = field(default=UUID(int=0))
    account: str = ""
    """A keyed digest of the account that this visitor belongs to; empty for none."""
    flags: frozenset[str] = frozenset()
    """`PAUSED`, `OBJECTED`: what the shopper has switched off themselves."""

    def belongs_to(self, account: str) -> bool:
        """Say whether this visitor may be used by whoever is logged in now; '' is nobody."""
        return not self.account or (bool(account) and self.account in accounts(account))


def account_digest(account: str) -> str:
    """Return how the cookie names an account; '' for none."""
    return digest("account", account)[:_ACCOUNT] if account else ""


def accounts(account: str) -> list[str]:
    """Return how the cookie may name an account that is logged in now, older secret keys included."""
    return [found[:_ACCOUNT] for found in digests("account", account)]


def read(request: HttpRequest) -> Token | None:
    """Return the cookie's content; None for no cookie, a forged one, and one that is not ours."""
    raw = request.COOKIES.get(NAME, "")
    return _parsed(raw, settings.SECRET_KEY) if raw else None


@lru_cache(maxsize=4096)
def _parsed(raw: str, secret: str) -> Token | None:
    """Checking a signature is a third of what a page pays for being watched, and visitors come back."""
    try:
        identity, purposes, browser, account, flags = _signer().unsign(raw).split(".")
        return Token(
            UUID(hex=identity),
            frozenset(Purpose(word) for word in purposes.split("+") if word),
            UUID(hex=browser),
            account,
            frozenset(flags),
        )
    except (signing.BadSignature, ValueError):
        return None


def is_of_an_older_secret(request: HttpRequest) -> bool:
    """Say whether this cookie is believed only as long as `SECRET_KEY_FALLBACKS` names the key that signed it."""
    if not settings.SECRET_KEY_FALLBACKS or read(request) is None:
        return False
    try:
        _signer(older=[]).unsign(request.COOKIES[NAME])
    except signing.BadSignature:
        return True
    return False


def forget() -> None:
    """Check every signature anew: after an erase nothing of the cookie stays in this process either."""
    _parsed.cache_clear()


def _signer(older: list[bytes | str] | None = None) -> signing.Signer:
    """`older` are the keys that are believed beside `SECRET_KEY`; None for those of the project's settings."""
    return signing.Signer(salt="django_personalize.visitor", fallback_keys=older)


def write(request: HttpRequest, response: HttpResponseBase, token: Token) -> None:
    """Set the cookie, and forbid every cache to keep this response: a cached id would be shared by strangers."""
    response.set_cookie(
        NAME, value_of(token), max_age=MAX_AGE, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
    response.set_cookie(LEAVE, "1", max_age=MAX_AGE, secure=request.is_secure(), samesite="Lax")
    add_never_cache_headers(response)


def value_of(token: Token) -> str:
    """Return the cookie's signed value."""
    purposes, flags = "+".join(sorted(token.granted)), "".join(sorted(token.flags))
    return _signer().sign(f"{token.visitor_id.hex}.{purposes}.{token.browser.hex}.{token.account}.{flags}")


def clear(response: HttpResponseBase) -> None:
    response.delete_cookie(NAME, samesite="Lax")
    silence(response)


def silence(response: HttpResponseBase) -> None:
    """Take back the script's leave to speak."""
    response.delete_cookie(LEAVE, samesite="Lax")
    add_never_cache_headers(response)
