"""A yes that is taken back: the next request no longer finds what it permitted."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from django_personalize.capture.accounts import link_orders
from django_personalize.consent.states import TRACED
from django_personalize.core import clock
from django_personalize.core.types import Purpose
from django_personalize.events import quarantine
from django_personalize.events.vocabulary import ORDER_KINDS
from django_personalize.models import Cart, Credit, Event, Membership, OrderLink, Quarantined, Visitor
from django_personalize.visitors.register import answer


@transaction.atomic
def change(visitor_id: UUID, granted: Collection[Purpose], *, refused: bool) -> Visitor | None:
    """Keep what this visitor's browser answers now and undo what a lost yes permitted; None where nothing is left.

    The answer is the browser's, so it counts for every visitor that the browser has been. With `refused` and no purpose
    left that permits an id, they are deleted with every fact about them; their purchases remain as baskets that nothing
    joins. An answer that merely lapsed is neither used nor erased: a repeated yes finds what is kept.
    """
    browser = Visitor.objects.filter(pk=visitor_id).values_list("browser", flat=True).first()
    visitors = list(Visitor.objects.select_for_update().filter(browser=browser).order_by("pk")) if browser else []
    wanted = dict.fromkeys(sorted(granted), True)
    gone = refused and not set(granted) & set(TRACED)
    for visitor in visitors:
        if visitor.granted == wanted and not gone:
            continue
        if not {Purpose.PERSONALIZATION, Purpose.ANALYTICS} <= set(granted):
            # Either joins a purchase to a click. Of another browser's clicks the next run finds what is left.
            Credit.objects.filter(Q(decision__visitor=visitor) | Q(purchase__visitor=visitor)).delete()
        if Purpose.PERSONALIZATION not in granted:
            _forget_segments(visitor)
            _unlink(visitor)
        if gone:
            quarantine.erase(Quarantined.objects.filter(visitor_id=visitor.pk))
            visitor.delete()
        else:
            answer(visitor, granted)
            if set(granted).isdisjoint(TRACED):
                # What goes in and out until the next yes is nobody's business: it begins with the cart as it then is.
                Cart.objects.filter(visitor=visitor).delete()
            link_orders(visitor)
    return None if gone else next((visitor for visitor in visitors if visitor.pk == visitor_id), None)


def _forget_segments(visitor: Visitor) -> None:
    """End what was made of this history, all of the account's: tonight finds what is left without this browser."""
    if visitor.granted.get(Purpose.PERSONALIZATION.value):
        theirs = Q(visitor=visitor) | (Q(visitor__user_key=visitor.user_key) if visitor.user_key else Q())
        Membership.objects.filter(theirs).delete()


def _unlink(visitor: Visitor) -> None:
    """Cut the purchases loose; another browser of the same account that still says yes takes them over."""
    heir = (
        Visitor.objects.granting(Purpose.PERSONALIZATION)
        .filter(user_key=visitor.user_key)
        .exclude(browser=visitor.browser)
        .order_by("created_at", "pk")
        .first()
        if visitor.user_key
        else None
    )
    Event.objects.filter(visitor=visitor, kind__in=ORDER_KINDS).update(visitor=heir, changed_at=clock.now())
    OrderLink.objects.filter(visitor=visitor).delete()
