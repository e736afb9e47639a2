"""What a page wants of a placement, and how that travels in a page that leaves it for later: signed, and without whom.

Such a page holds what everybody gets, so any cache may keep it, and it is whole without a script.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.core import signing

MOST_SHOWN = 100
"""Keys of what the page shows elsewhere that travel with a row; a page with more shows some of it twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One placement that a page wants."""

    slug: str
    item: object = None
    """The shop's own product object that the placement is about."""
    basket: Iterable[Any] | None = None
    """What it is about where that is several: the shop's own products, lines that have a `product`, or keys."""
    n: int | None = None
    title: str = ""
    context: tuple[str, ...] = ()
    """Keys of the items that the placement is about, where the objects are not at hand."""
    shown: tuple[str, ...] = ()
    """Keys of what the page shows elsewhere."""
    language: str = ""
    """In which the page is; empty where it is the active one."""

    def about(self, context: tuple[str, ...], shown: tuple[str, ...], language: str) -> Asked:
        """Return the same without an object of the shop's, so that it can be signed."""
        return replace(self, item=None, basket=None, context=context, shown=shown[:MOST_SHOWN], language=language)


def signed(asked: Asked) -> str:
    """Return it as text for an attribute, which only this shop can have made."""
    given = {name: value for name in Asked.__dataclass_fields__ if (value := getattr(asked, name))}
    return _signer().sign_object(given, compress=True)


def unsigned(text: str) -> Asked | None:
    """Return what was asked for; None for what this shop has not signed, or has before it knew these fields."""
    try:
        given: Any = _signer().unsign_object(text)
        fields: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        return Asked(**fields)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(salt="django_personalize.asked")
