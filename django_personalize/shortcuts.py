"""For a shop that would rather say things itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from django_personalize.capture.bots import unseen
from django_personalize.capture.claims import Refused, read_fields
from django_personalize.capture.drafts import captured_here, draft
from django_personalize.capture.refusals import REFUSALS
from django_personalize.conf import settings
from django_personalize.consent.states import TRACED
from django_personalize.core.types import EventDraft
from django_personalize.events.isolation import is_the_shops_transaction, isolated
from django_personalize.events.sinks import DatabaseSink
from django_personalize.events.vocabulary import CLAIMABLE, ITEM_KINDS, VIEW_ITEM_LIST
from django_personalize.exceptions import PersonalizeError
from django_personalize.placements.draw import Presented
from django_personalize.placements.present import show
from django_personalize.visitors.resolve import permitted, token_here

logger = logging.getLogger("django_personalize")
FIELDS = frozenset(
    ["quantity", "price", "currency", "item_list_id", "index", "promotion_id", "search_term", "results", "reason"]
)


def track(request: HttpRequest, kind: str, item: object = None, **fields: Any) -> bool:
    """Record an event of whoever is here, and say whether it is stored.

    `kind` is one of GA4's names, `item` the shop's own object, `fields` are `quantity`, `price`, `currency`,
    `item_list_id`, `index`, `promotion_id`, `search_term`, `results`, `reason`. Raises `PersonalizeError` for what can
    never be right: an unknown kind or field, a value out of range, a purchase (the shop's orders are read), no item.
    False without a yes to `analytics` or `personalization`, where a machine asks, for a kind that the middleware
    records by itself, and where storing failed (that is logged). With the `DatabaseSink` also inside a transaction of
    the shop's: nothing of ours may hold it up or make it fail, so the event is stored right after its commit.
    """
    if kind not in CLAIMABLE or kind == VIEW_ITEM_LIST:
        names = ", ".join(sorted(CLAIMABLE - {VIEW_ITEM_LIST}))
        raise PersonalizeError(f"track() was given the kind {kind!r}; wanted one of {names}.")
    if unknown := fields.keys() - FIELDS:
        raise PersonalizeError(f"track() was given {sorted(unknown)}; known are {', '.join(sorted(FIELDS))}.")
    if kind in ITEM_KINDS and item is None:
        raise PersonalizeError(f"track() of {kind!r} needs item=, the shop's own product object.")
    fields = _read(fields)
    if item is not None:
        fields |= {"item_key": settings.shop.item_key(item), "item_variant": settings.shop.variant_key(item)}
    if captured_here(kind):
        logger.info("not_tracked", extra={"kind": kind, "reason": "captured_here"})
        return False
    if permitted(request).isdisjoint(TRACED) or unseen(request):
        return False
    try:
        with isolated():
            token = token_here(request)
        if token is None:
            return False
        event = draft(request, token.visitor_id, kind, **fields)
        if isinstance(settings.sink, DatabaseSink) and is_the_shops_transaction():
            transaction.on_commit(partial(_store, event), robust=True)
            return False
        with isolated():
            return _store(event)
    except Exception:
        logger.exception("not_tracked", extra={"kind": kind, "reason": "sink_failed"})
        return False


def placement(
    request: HttpRequest,
    slug: str,
    *,
    item: object = None,
    basket: Iterable[Any] | None = None,
    n: int | None = None,
    title: str = "",
) -> Presented:
    """Return a placement of whoever is here, as the tag of the same name shows it.

    `item` is the shop's own product that the row is about; `basket` several: products, lines that have a `product`, or
    keys. The result is false where there is nothing to show, can be iterated over slot by slot, prints as HTML, and
    `as_json()` is it as plain data. The decision is on record, and the response kept out of shared caches, as with
    the tag. Never raises.
    """
    return show(request, slug, item=item, basket=basket, n=n, title=title)


def _store(event: EventDraft) -> bool:
    return settings.sink.write([event]) == 1


def _read(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as they are kept, with the same care as what a page tells."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        try:
            fields |= read_fields({name: value}, (name,))
        except Refused as problem:
            raise PersonalizeError(
                f"track() was given a {name} that cannot be kept. {REFUSALS[problem.reason]}"
            ) from None
    return fields
