"""By what experiments know a person: a digest that is theirs on all their devices, as far as log-ins show it."""

from __future__ import annotations

from django_personalize.core.hashing import digest
from django_personalize.models import Visitor

_LENGTH = 32


def unit_of(visitor: Visitor) -> str:
    """Return the unit of this visitor: of the account if they have one, else of themselves; the earlier one stays."""
    return visitor.unit or _made(visitor)


def first_unit(visitor: Visitor) -> str:
    """Return the unit of somebody who has just come into being or logged in, with one query where there is an account.

    What the account was known as in another browser counts; else what this browser was known as before; else the
    account, or where there is none the visitor.
    """
    if visitor.user_key:
        kin = Visitor.objects.filter(user_key=visitor.user_key).exclude(pk=visitor.pk).order_by("created_at", "pk")
        earlier = kin.first()
        if earlier is not None:
            return unit_of(earlier)
    return unit_of(visitor)


def _made(visitor: Visitor) -> str:
    return digest("unit", visitor.user_key or visitor.pk.hex)[:_LENGTH]
