"""Carts are compared, not hooked: whatever the shop calls adding and removing, its cart holds more or less after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from django_personalize.capture.drafts import draft
from django_personalize.capture.findings import keep_soon
from django_personalize.capture.visit import Visit
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.tally import Tally
from django_personalize.core.types import CartLine, Line
from django_personalize.events.collector import collector_of
from django_personalize.events.vocabulary import ADD_TO_CART, REMOVE_FROM_CART
from django_personalize.models import Cart, OrderLink, Visitor
from django_personalize.visitors.resolve import session_was_read

Held = Counter[tuple[str, str]]
"""Pieces by (item key, variant key)."""
EMPTIES_WITHIN = timedelta(days=1)
"""How long after an order a shop may take to empty the cart, as on the page that a payment returns to."""


def note_cart(
    request: HttpRequest, response: HttpResponseBase, visitor: Visitor, visit: Visit, bought: Iterable[Line]
) -> None:
    """Compare the cart with the last copy kept for this visitor, and record what came in and what went out.

    `bought` are the lines of orders that this request made or paid for: what leaves the cart for them was not taken
    out. The first cart seen, and the one after a log-in or log-out, only becomes the copy.
    """
    known = _copy_of(visitor)
    unsettled = known is not None and known.unsettled and request.method == "GET" and session_was_read(request)

    def held(tally: Tally | None = None) -> list[list[str | int]] | None:
        lines = settings.shop.cart(request, response=response, touched=visit.cart_touched or unsettled, tally=tally)
        return None if lines is None else _rows(lines)

    tally = Tally()
    now = held(tally)
    keep_soon(tally)
    if now is None:
        return
    if known is not None and known.lines == now and not (known.unsettled or visit.account_changed):
        return
    with transaction.atomic():
        # Both read again under a lock: of two tabs that add at once, neither may report what the other did, nor take
        # what the other did since for undone.
        known = Cart.objects.select_for_update().filter(pk=visitor.pk).first()
        now = held()
        if now is None:
            return
        if known is not None and not visit.account_changed and not unsettled:
            _record(request, visitor, _held(known.lines), _held(now), bought)
        Cart.objects.update_or_create(
            visitor=visitor,
            defaults={"lines": now, "unsettled": visit.account_changed, "changed_at": clock.now()},
        )


def _copy_of(visitor: Visitor) -> Cart | None:
    return getattr(visitor, "cart", None)


def _rows(lines: Iterable[CartLine]) -> list[list[str | int]]:
    return [[line.item_key, line.variant_key, line.quantity] for line in lines]


def _held(rows: Iterable[Collection[str | int]]) -> Held:
    held: Held = Counter()
    for item_key, variant_key, quantity in rows:
        held[str(item_key), str(variant_key)] += int(quantity)
    return held


def _record(request: HttpRequest, visitor: Visitor, before: Held, after: Held, bought: Iterable[Line]) -> None:
    if before - after:
        before = _without(before, after, _ordered(visitor, bought, emptied=not after))
    for kind, changed in ((REMOVE_FROM_CART, before - after), (ADD_TO_CART, after - before)):
        for (item_key, variant_key), quantity in sorted(changed.items()):
            collector_of(request).add(
                draft(request, visitor, kind, item_key=item_key, item_variant=variant_key, quantity=quantity)
            )


def _ordered(visitor: Visitor, bought: Iterable[Line], *, emptied: bool) -> Counter[str]:
    """Return the pieces, by item, that may have left the cart because they were ordered.

    Now, or earlier in the same checkout: what the visitor ordered in the last day, and no cart has been emptied for
    yet. Of orders that do not count as sold only where nothing is left: such an order may be the cart itself.
    """
    lines = {line.key: line for line in bought}
    links = OrderLink.objects.filter(
        visitor=visitor, cart_emptied=False, linked_at__gte=clock.now() - EMPTIES_WITHIN
    ).values_list("order_key", flat=True)
    if keys := list(links):
        earlier = settings.shop.lines(order_keys=keys) if emptied or not lines else ()
        lines |= {line.key: line for line in earlier if emptied or line.sold}
        done = keys if emptied else {line.order_key for line in lines.values()}
        OrderLink.objects.filter(pk__in=done).update(cart_emptied=True)
    ordered: Counter[str] = Counter()
    for line in lines.values():
        ordered[line.item_key] += line.quantity
    return ordered


def _without(before: Held, after: Held, ordered: Counter[str]) -> Held:
    """Return the cart as it was, less what was ordered out of it; by item, since not every order names the variant.

    Where all that was ordered has gone, some of it may have been put in again since. Otherwise no more is taken for
    ordered than is gone.
    """
    had, has = _by_item(before), _by_item(after)
    whole = all(had[item_key] >= pieces and has[item_key] < had[item_key] for item_key, pieces in ordered.items())
    left: Held = Counter()
    for (item_key, variant_key), quantity in sorted(before.items()):
        gone = quantity if whole else max(quantity - after[item_key, variant_key], 0)
        taken = min(gone, ordered[item_key])
        ordered[item_key] -= taken
        left[item_key, variant_key] = quantity - taken
    return left


def _by_item(held: Held) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for (item_key, _), quantity in held.items():
        pieces[item_key] += quantity
    return pieces
