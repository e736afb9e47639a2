"""What a placement is about, and what whoever asks has already: the page's items, their cart, their latest order."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from django_personalize.capture.carts import cart_rows
from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import History
from django_personalize.events.vocabulary import PURCHASE
from django_personalize.exceptions import ShopError
from django_personalize.placements.asker import Asker

logger = logging.getLogger("django_personalize.placements")
MOST = 50
"""Lines of a basket that count."""
JUST_BOUGHT = timedelta(days=3)
ORDER_LASTS = timedelta(days=30)
"""How long after an order something may complete it."""


def keys_of(things: Iterable[Any]) -> tuple[str, ...]:
    """Return the items' keys of a basket: of the shop's own products, of lines that have a `product`, or of keys."""
    found = dict.fromkeys(_key(thing) for thing in things)
    return tuple(found)[:MOST]


def _key(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    try:
        return settings.shop.item_key(thing)
    except ShopError:
        product = getattr(thing, "product", None)
        if product is None:
            raise
        return settings.shop.item_key(product)


def cart_of(request: HttpRequest, who: Asker) -> tuple[str, ...]:
    """Return the keys of what is in the cart of whoever asks, as far as it costs neither a query nor a cache its page.

    The shop's own, where the page has looked at it; the copy that was kept of it, where not.
    """
    return once(request, "cart_keys", lambda: _cart(request, who))


def _cart(request: HttpRequest, who: Asker) -> tuple[str, ...]:
    shop = settings.shop
    lines = shop.cart(request, touched=False) if shop.has_cart else None
    if lines is not None:
        return tuple(dict.fromkeys(line.item_key for line in lines))
    return () if who.visitor is None else tuple(dict.fromkeys(str(row[0]) for row in cart_rows(who.visitor)))


def just_bought(history: History, now: datetime) -> frozenset[str]:
    """Return what this person bought a moment ago, and hardly needs again by now."""
    since = (now - JUST_BOUGHT).timestamp()
    rows = zip(history.item_keys, history.kinds, history.times, strict=True)
    return frozenset(key for key, kind, at in rows if kind == PURCHASE and at >= since)


def last_order(history: History, now: datetime) -> tuple[str, ...]:
    """Return the keys of this person's latest order; nothing where it is long ago."""
    bought = [
        (key, at)
        for key, kind, at in zip(history.item_keys, history.kinds, history.times, strict=True)
        if kind == PURCHASE
    ]
    if not bought or bought[0][1] < (now - ORDER_LASTS).timestamp():
        return ()
    return tuple(dict.fromkeys(key for key, at in bought if at == bought[0][1]))[:MOST]
