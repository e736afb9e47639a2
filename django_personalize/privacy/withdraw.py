"""A yes that is taken back: the next request no longer finds what it permitted."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from django_personalize.capture.accounts import link_orders
from django_personalize.consent.states import TRACED
from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import ORDER_KINDS
from django_personalize.models import Event, Visitor
from django_personalize.visitors.register import answer


@transaction.atomic
def withdraw(visitor_id: UUID) -> None:
    """Delete the visitor with every fact about them; their purchases remain as baskets that nothing joins."""
    visitor = Visitor.objects.select_for_update().filter(pk=visitor_id).first()
    if visitor is None:
        return
    _unlink(visitor)
    visitor.delete()


@transaction.atomic
def change(visitor_id: UUID, granted: Collection[Purpose]) -> Visitor | None:
    """Keep the new set of answers and undo what the lost ones permitted; None where the visitor is gone."""
    visitor = Visitor.objects.select_for_update().filter(pk=visitor_id).first()
    if visitor is None:
        return None
    if not set(granted) & set(TRACED):
        withdraw(visitor_id)
        return None
    if Purpose.PERSONALIZATION not in granted:
        _unlink(visitor)
    answer(visitor, granted)
    link_orders(visitor)
    return visitor


def _unlink(visitor: Visitor) -> None:
    """Cut the purchases loose; another browser of the same account that still says yes takes them over."""
    heir = (
        Visitor.objects.granting(Purpose.PERSONALIZATION)
        .filter(user_key=visitor.user_key)
        .exclude(pk=visitor.pk)
        .order_by("created_at", "pk")
        .first()
        if visitor.user_key
        else None
    )
    Event.objects.filter(visitor=visitor, kind__in=ORDER_KINDS).update(visitor=heir)
