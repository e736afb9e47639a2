"""Rows that a page leaves for later: what was asked for travels in the page, signed, and comes back in one call.

The page holds what everybody gets, so any cache may keep it and it is whole without a script.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing

MOST_KEYS = 100
"""Of what the page shows already; a page with more shows some of it twice rather than grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a tag was asked to show, without whom: the same for every visitor of the page."""

    slug: str
    n: int | None = None
    title: str = ""
    context: tuple[str, ...] = ()
    """Keys of the items that the page is about."""
    shown: tuple[str, ...] = ()
    """Keys that the page shows elsewhere."""
    language: str = ""
    """In which the page is."""


def signed(asked: Asked) -> str:
    """Return it as text for an attribute, which only this shop can have made."""
    given = {name: value for name, value in asdict(asked).items() if value}
    if "shown" in given:
        given["shown"] = given["shown"][:MOST_KEYS]
    return _signer().sign_object(given, compress=True)


def unsigned(text: str) -> Asked | None:
    """Return what was asked for; None for what this shop has not signed, or a version of it that knew other rows."""
    try:
        given: Any = _signer().unsign_object(text)
        return Asked(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})
    except (signing.BadSignature, ValueError, TypeError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(salt="django_personalize.deferred")
