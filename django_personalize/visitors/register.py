"""A visitor comes into being with a yes, and changes with every later answer."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID, uuid4

from django.db.models import Max, Q

from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.models import Membership, Visitor
from django_personalize.visitors.unit import first_unit, unit_of


def register(granted: Collection[Purpose], *, user_key: str = "", browser: UUID | None = None) -> Visitor:
    """Create the row for a browser that just said yes; `browser` where it has been a visitor before."""
    now = clock.now()
    visitor = Visitor(
        browser=browser or uuid4(),
        user_key=user_key,
        granted=dict.fromkeys(sorted(granted), True),
        created_at=now,
        answered_at=now,
    )
    _switch_off(visitor)
    visitor.unit = first_unit(visitor)
    visitor.save(force_insert=True)
    return visitor


def take_over(visitor: Visitor, user_key: str) -> None:
    """Make a guest's visitor the account's; what either has switched off stays so.

    The segments of a guest may contradict the account's: the next refresh finds those of both together.
    """
    if visitor.user_key != user_key:
        Membership.objects.filter(visitor=visitor).delete()
        visitor.unit = unit_of(visitor)  # as a guest, while nothing says otherwise
    visitor.user_key = user_key
    visitor.unit = first_unit(visitor)
    _switch_off(visitor)
    visitor.save(update_fields=["user_key", "unit", "paused_at", "objected_at"])


def _switch_off(visitor: Visitor) -> None:
    """Switch off what the person has switched off elsewhere: on another device, or here before they logged out."""
    kin = Q(user_key=visitor.user_key) if visitor.user_key else Q(browser=visitor.browser)
    others = Visitor.objects.filter(kin).exclude(pk=visitor.pk)
    found = others.aggregate(paused=Max("paused_at"), objected=Max("objected_at"))
    visitor.paused_at = visitor.paused_at or found["paused"]
    visitor.objected_at = visitor.objected_at or found["objected"]


def answer(visitor: Visitor, granted: Collection[Purpose]) -> None:
    """Keep a changed answer; the caller has dealt with what was withdrawn."""
    visitor.granted = dict.fromkeys(sorted(granted), True)
    visitor.answered_at = clock.now()
    visitor.save(update_fields=["granted", "answered_at"])
