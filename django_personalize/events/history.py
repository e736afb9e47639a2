"""Reading a person's own past back, for the next decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F, Q, Value

from django_personalize.core.types import History, Purpose
from django_personalize.events.vocabulary import (
    ADD_TO_CART,
    ADD_TO_WISHLIST,
    DISMISS,
    HAVE_IT,
    ORDER_KINDS,
    PURCHASE,
    REFUND,
    SEARCH,
    SELECT_ITEM,
    VIEW_ITEM,
)
from django_personalize.models import Decision, Event, Impression, Visitor

LIMIT = 2_000
"""Newest rows read per person: bounds the time of a page, and no weight survives so many."""
DECISIONS = 100
"""Newest decisions whose impressions are looked at for what was passed over."""
IN_VAIN = timedelta(days=30)
"""How far back an impression counts."""
SEARCHED_WITHIN = timedelta(days=14)
SEARCHES, SEARCH_ROWS = 3, 30
"""Different terms that count, and rows that are looked at for them."""
HEEDED = (SELECT_ITEM, VIEW_ITEM, ADD_TO_WISHLIST, ADD_TO_CART, PURCHASE)
"""Any of these about an item says that it was not shown in vain before."""


def history_of(visitor: Visitor, *, kinds: Collection[str] = (VIEW_ITEM, DISMISS, *ORDER_KINDS)) -> History:
    """Return views and purchases, or what of them is of these `kinds`, newest first, net of what came back, in one
    query.

    Dismissals come back as `dismissed`, for which a later purchase makes up. What was dismissed as a gift or as nothing
    of interest says no more of this person, however often it was looked at or bought before; what they have, does.
    Empty without a yes to `personalization`. An account's browsers are one person, each with its own yes.
    """
    if not visitor.grants(Purpose.PERSONALIZATION):
        return History()
    rows = list(
        Event.objects.filter(_of(visitor), kind__in=kinds)
        .exclude(item_key="")
        .order_by("-occurred_at", "-pk")
        .values_list("kind", "item_key", "quantity", "occurred_at", "transaction_id", "reason")[:LIMIT]
    )
    back: dict[tuple[str, str], int] = {}
    for kind, item_key, quantity, _, order, _ in rows:
        if kind == REFUND:
            back[order, item_key] = back.get((order, item_key), 0) + (quantity or 0)
    kept = []
    again: set[str] = set()
    dismissed: set[str] = set()
    silenced: set[str] = set()
    for kind, item_key, quantity, at, order, reason in rows:
        if kind == REFUND:
            continue
        if kind == DISMISS:
            if item_key not in again:
                dismissed.add(item_key)
            if reason != HAVE_IT:
                silenced.add(item_key)
            continue
        left = quantity or 1
        if kind == PURCHASE:
            returned = min(left, back.get((order, item_key), 0))
            if returned:
                back[order, item_key] -= returned
                left -= returned
        if left > 0 and item_key not in silenced:
            kept.append((item_key, kind, at.timestamp(), left))
            if kind == PURCHASE:
                again.add(item_key)
    if not kept:
        return History(dismissed=frozenset(dismissed))
    item_keys, kinds, times, quantities = zip(*kept, strict=True)
    return History(item_keys=item_keys, kinds=kinds, times=times, quantities=quantities, dismissed=frozenset(dismissed))


def passed_over(visitor: Visitor, as_of: datetime) -> dict[str, int]:
    """Return how often each item was seen by this person in the `IN_VAIN` before `as_of` with no click, add or purchase
    since, in the slots of their `DECISIONS` newest decisions, in one query.

    Empty without a yes to `personalization`.
    """
    if not visitor.grants(Purpose.PERSONALIZATION):
        return {}
    since = as_of - IN_VAIN
    decisions = Decision.objects.filter(_of(visitor), decided_at__gte=since).order_by("-decided_at", "pk")
    seen = Impression.objects.filter(decision__in=decisions.values("pk")[:DECISIONS], seen_at__gte=since)
    done = Event.objects.filter(_of(visitor), kind__in=HEEDED, occurred_at__gte=since).exclude(item_key="")
    # A union and not a question per impression: of many browsers' events that would be a scan of all events each.
    shown = seen.annotate(at=F("seen_at"), acted=Value(0)).values_list("item_key", "at", "acted")
    acts = done.annotate(at=F("occurred_at"), acted=Value(1)).values_list("item_key", "at", "acted")
    heeded: set[str] = set()
    times: Counter[str] = Counter()
    for item_key, _, acted in shown.union(acts, all=True).order_by("-at", "-acted")[:LIMIT]:
        if acted:
            heeded.add(item_key)
        elif item_key not in heeded:
            times[item_key] += 1
    return dict(times)


def searches_of(visitor: Visitor, as_of: datetime) -> tuple[str, ...]:
    """Return what this person searched for last, each once, newest first, in one query.

    Empty without a yes to `personalization`.
    """
    if not visitor.grants(Purpose.PERSONALIZATION):
        return ()
    within = Q(occurred_at__gt=as_of - SEARCHED_WITHIN, occurred_at__lte=as_of)
    rows = Event.objects.filter(_of(visitor), within, kind=SEARCH).exclude(search_term="")
    found = rows.order_by("-occurred_at", "-pk").values_list("search_term", flat=True)
    return tuple(dict.fromkeys(found[:SEARCH_ROWS]))[:SEARCHES]


def _of(visitor: Visitor) -> Q:
    """Return the condition that a row is of this person: of this browser or of one of the same account, each by its own
    yes.
    """
    if not visitor.user_key:
        return Q(visitor_id=visitor.pk)
    same = Visitor.objects.granting(Purpose.PERSONALIZATION).filter(user_key=visitor.user_key)
    return Q(visitor_id__in=same.values("pk"))
