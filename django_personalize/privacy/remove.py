"""Taking one item out of a person's history."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from django_personalize.core import clock
from django_personalize.events.vocabulary import ORDER_KINDS
from django_personalize.models import Credit, Decision, Event, Impression, Membership, Visitor
from django_personalize.privacy.erase import drain
from django_personalize.privacy.person import Person
from django_personalize.visitors.forgotten import Kind, forget, item_of


def remove_item(person: Person, item_key: str) -> None:
    """Remove what `person` did with this item up to now, and every row that was shown because of it.

    Segments may rest on it, so they end; the next refresh finds what is left without it. Its purchases stay as baskets
    without a person, and no sync links them again.
    """
    drain()
    owners = [visitor.pk.hex for visitor in person.visitors] + ([person.account] if person.account else [])
    with transaction.atomic():
        # Locked, as whoever writes credits locks them: none comes in after we looked.
        list(Visitor.objects.filter(pk__in=person.ids).select_for_update().order_by("pk"))
        forget(Kind.ITEM, [item_of(owner, item_key) for owner in owners], clock.now())
        mine = Event.objects.filter(visitor__in=person.ids, item_key=item_key)
        Credit.objects.filter(purchase__in=mine.filter(kind__in=ORDER_KINDS)).delete()
        mine.filter(kind__in=ORDER_KINDS).update(visitor=None)
        mine.exclude(kind__in=ORDER_KINDS).delete()
        Impression.objects.filter(decision__visitor__in=person.ids, item_key=item_key).delete()
        Decision.objects.filter(pk__in=_because_of(person, item_key)).delete()
        Membership.objects.filter(visitor__in=person.ids).delete()


def _because_of(person: Person, item_key: str) -> list[UUID]:
    rows = Decision.objects.filter(visitor__in=person.ids).values_list("pk", "context", "slots")
    return [
        pk
        for pk, context, slots in rows.iterator(chunk_size=500)
        if item_key in context or any(item_key in (slot["item_key"], slot["anchor"]) for slot in slots)
    ]
