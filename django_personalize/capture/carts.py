"""Carts are compared, not hooked: whatever the shop calls adding and removing, its cart holds more or less after it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from django_personalize.capture.drafts import draft
from django_personalize.capture.findings import keep_soon
from django_personalize.capture.visit import Visit
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.requests import SAFE_METHODS
from django_personalize.core.tally import Tally
from django_personalize.core.types import CartLine, Line, Purpose
from django_personalize.events.sinks import DatabaseSink
from django_personalize.events.vocabulary import ADD_TO_CART, PURCHASE, REMOVE_FROM_CART
from django_personalize.models import Cart, Event, OrderLink, Visitor
from django_personalize.visitors.resolve import Presence, session_was_read

Rows = list[list[str | int]]
Held = Counter[tuple[str, str]]
"""Pieces by (item key, variant key)."""
REMEMBER_SECONDS = 60.0
REMEMBERED = 10_000
_looked_at: dict[UUID, tuple[int, float]] = {}
"""A hash of the cart that was last found equal to the copy, and until when that is good, by visitor."""
EMPTIES_WITHIN = timedelta(days=1)
"""How long after an order a shop may take to empty the cart, as on the page that a payment returns to."""


def note_cart(
    request: HttpRequest, response: HttpResponseBase, here: Presence, visit: Visit, bought: Iterable[Line]
) -> None:
    """Compare the cart with the last copy kept, and record what came in and what went out.

    `bought` are the lines of orders that this request made or paid for: what leaves the cart for them was not taken
    out. The first cart seen, the one after a log-in or log-out, and the empty one after a session that ran out only
    become the copy. Copy and events are written together: what could not be written is found again next time.
    """
    if _is_quiet(request, visit) and _has_nothing_new(request, response, here):
        return  # without asking who is here
    visitor = here.visitor
    if visitor is None:
        return
    _looked_at.pop(here.visitor_id, None)
    known = _copy_of(visitor)
    unsettled = known is not None and known.unsettled and request.method == "GET" and session_was_read(request)
    touched = visit.cart_touched or visit.account_changed or unsettled

    def held(tally: Tally | None = None) -> Rows | None:
        lines = settings.shop.cart(request, response=response, touched=touched, tally=tally)
        return None if lines is None else [[line.item_key, line.variant_key, line.quantity] for line in lines]

    tally = Tally()
    now = held(tally)
    keep_soon(tally)
    if now is None:
        if known is not None and visit.account_changed:
            Cart.objects.filter(pk=visitor.pk).update(unsettled=True)
        elif known is None or not known.unsettled:
            _remember(here, None)
        return
    shared = _is_the_accounts(request, visitor)
    if known is not None and known.lines == now and not (known.unsettled or visit.account_changed or shared):
        _remember(here, now)
        return
    with transaction.atomic():
        # Both read again under a lock: of two tabs that add at once, neither may report what the other did, nor take
        # what the other did since for undone.
        known = _latest(visitor, shared=shared)
        now = held()
        if now is None:
            return
        ran_out = not now and request.method == "GET" and _session_ran_out(request)
        if known is not None and not (visit.account_changed or unsettled or ran_out) and known.lines != now:
            _record(request, visitor, known, _held(now), bought)
        Cart.objects.update_or_create(
            visitor=visitor,
            defaults={"lines": now, "unsettled": visit.account_changed, "changed_at": clock.now()},
        )


def _is_quiet(request: HttpRequest, visit: Visit) -> bool:
    """Say whether nothing can have gone into a cart of this server's in this request, nor anybody come or gone."""
    if request.method not in SAFE_METHODS or visit.account_changed or visit.cart_touched:
        return False
    return not getattr(getattr(request, "session", None), "modified", False)


def _has_nothing_new(request: HttpRequest, response: HttpResponseBase, here: Presence) -> bool:
    """Say whether this quiet page shows the cart that this process compared with the copy a moment ago, or none at all.

    What changes a cart goes through a request that is not quiet, so that nothing is missed; and a cart that a browser
    changes by itself, in a cookie, is another one than the one looked at.
    """
    tally = Tally()
    lines = settings.shop.cart(request, response=response, touched=False, tally=tally)
    keep_soon(tally)
    if lines is None and not session_was_read(request):
        return True
    rows, until = _looked_at.get(here.visitor_id, (0, 0.0))
    return time.monotonic() < until and rows == _digest(lines)


def _remember(here: Presence, rows: Rows | None) -> None:
    if len(_looked_at) >= REMEMBERED:
        _looked_at.clear()
    key = None if rows is None else tuple(tuple(row) for row in rows)
    _looked_at[here.visitor_id] = (hash(key), time.monotonic() + REMEMBER_SECONDS)


def _digest(lines: Sequence[CartLine] | None) -> int:
    return hash(None if lines is None else tuple((each.item_key, each.variant_key, each.quantity) for each in lines))


def forget() -> None:
    """Look at every cart anew; after an erase nothing of one stays in this process."""
    _looked_at.clear()


def cart_rows(visitor: Visitor) -> Rows:
    """Return the last copy kept of this visitor's cart: [item key, variant key, quantity] each."""
    known = _copy_of(visitor)
    return [] if known is None else known.lines


def _copy_of(visitor: Visitor) -> Cart | None:
    return getattr(visitor, "cart", None)


def _latest(visitor: Visitor, *, shared: bool) -> Cart | None:
    """Return the last copy, locked: the visitor's own, or of a shared cart the one of the browser that saw it last."""
    copies = Cart.objects.select_for_update()
    if not shared:
        return copies.filter(pk=visitor.pk).first()
    browsers = Visitor.objects.filter(user_key=visitor.user_key)
    return max(copies.filter(pk__in=browsers).order_by("pk"), key=lambda copy: copy.changed_at, default=None)


def _is_the_accounts(request: HttpRequest, visitor: Visitor) -> bool:
    """Say whether the cart just read is one for all devices of an account."""
    return bool(visitor.user_key) and settings.shop.cart_of_account(request)


def _session_ran_out(request: HttpRequest) -> bool:
    """Say whether the session is new and bare: the cart that it led to went with the old one, and nobody emptied it."""
    session = request.session
    return (
        settings.shop.cart_in_session(request)
        and session_was_read(request)
        and not session.modified
        and session.is_empty()
    )


def _held(rows: Rows) -> Held:
    held: Held = Counter()
    for item_key, variant_key, quantity in rows:
        held[str(item_key), str(variant_key)] += int(quantity)
    return held


def _record(request: HttpRequest, visitor: Visitor, known: Cart, after: Held, bought: Iterable[Line]) -> None:
    before = _held(known.lines)
    if before - after:
        before = _without(before, after, _ordered(visitor, bought, known.changed_at, emptied=not after))
    # Rows at once, with the copy: an event on its way in the spool would come again if the copy were rolled back.
    DatabaseSink().write(
        [
            draft(request, visitor.pk, kind, item_key=item_key, item_variant=variant_key, quantity=quantity)
            for kind, changed in ((REMOVE_FROM_CART, before - after), (ADD_TO_CART, after - before))
            for (item_key, variant_key), quantity in sorted(changed.items())
        ]
    )


def _ordered(visitor: Visitor, bought: Iterable[Line], copied_at: datetime, *, emptied: bool) -> Counter[str]:
    """Return the pieces, by item, that may have left the cart because they were ordered.

    Now, or earlier in the same checkout: what the visitor ordered in the last day, and no cart has been emptied for
    yet. Of orders that do not count as sold only where nothing is left: such an order may be the cart itself.
    """
    lines = {line.key: line for line in bought}
    since = clock.now() - EMPTIES_WITHIN
    links = OrderLink.objects.filter(visitor=visitor, cart_emptied=False, linked_at__gte=since)
    tied, reported = list(links.values_list("order_key", flat=True)), _reported(visitor, max(since, copied_at))
    if tied or reported:
        earlier = settings.shop.lines(order_keys=[*tied, *reported]) if emptied or not lines else ()
        lines |= {line.key: line for line in earlier if emptied or line.sold}
        done = {line.order_key for line in lines.values()}
        links.filter(pk__in=tied if emptied else done).update(cart_emptied=True)
        OrderLink.objects.bulk_create(
            OrderLink(order_key=key, visitor=visitor, linked_at=clock.now(), cart_emptied=True)
            for key in reported
            if key in done
        )
    ordered: Counter[str] = Counter()
    for line in lines.values():
        ordered[line.item_key] += line.quantity
    return ordered


def _reported(visitor: Visitor, since: datetime) -> list[str]:
    """Return the account's orders since the cart was last seen that no browser of it made: a provider that reports a
    payment makes them.
    """
    if not visitor.user_key or not visitor.grants(Purpose.PERSONALIZATION):
        return []
    browsers = Visitor.objects.filter(user_key=visitor.user_key)
    made = Event.objects.filter(kind=PURCHASE, visitor__in=browsers, received_at__gt=since)
    keys = set(made.values_list("transaction_id", flat=True))
    return sorted(keys - set(OrderLink.objects.filter(order_key__in=keys).values_list("order_key", flat=True)))


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
