"""A token by which another shop's front end acts for one visitor: signed, for half a day, and nobody's once they go.

The back end of that shop asks for it with its key and hands it to its visitor's own browser. It says who, and nothing
of what they permit: that is read from their row, so that a no counts at once.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core import signing

from django_personalize.core import clock
from django_personalize.models import Visitor

PREFIX = "pzv."
LASTS = timedelta(hours=12)


def issue(visitor: Visitor) -> str:
    """Return a token for this visitor, from now on for `LASTS`."""
    return PREFIX + _signer().sign(f"{visitor.pk.hex}.{int(clock.now().timestamp())}")


def read(raw: str) -> UUID | None:
    """Return whom the token names; None for one that has run out, and for what is none."""
    try:
        identity, issued = _signer().unsign(raw.removeprefix(PREFIX)).split(".")
        age = clock.now().timestamp() - int(issued)
        return UUID(hex=identity) if raw.startswith(PREFIX) and age < LASTS.total_seconds() else None
    except (signing.BadSignature, ValueError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(salt="django_personalize.visitor.bearer")
