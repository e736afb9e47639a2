"""The orders that a request touched, brought in line as soon as it is over, and tied to whoever made them."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from django_personalize.capture.carts import cart_rows
from django_personalize.capture.orders import reconcile_orders, sold_before
from django_personalize.capture.visit import Visit
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.types import Line, Purpose
from django_personalize.models import OrderLink, Visitor
from django_personalize.shop.keys import LONGEST
from django_personalize.visitors.resolve import Presence, account_of, session_was_read


def follow_orders(request: HttpRequest, visit: Visit, here: Presence | None) -> list[Line]:
    """Bring our rows in line with the orders that this request touched, for everybody, with or without a yes.

    Returns the lines of those that it made or that count as sold since. They are tied to the visitor who is `here`,
    where that one grants `personalization` and acts for themselves: without that yes no key may join one order to
    another. A payment that a provider reports in a request of its own has no visitor; the tie made earlier finds the
    buyer then.
    """
    visitor = None if here is None else here.visitor
    created = settings.shop.orders_of([reference for reference in visit.references if reference.created])
    touched = created | settings.shop.orders_of([each for each in visit.references if not each.created])
    if not touched:
        return []
    before = sold_before(touched)
    if created:
        # A number that an order of somebody else's had, which is gone.
        OrderLink.objects.filter(order_key__in=created).delete()

    def is_new(line: Line) -> bool:
        return line.order_key in created or (line.sold and line.order_key not in before)

    def tie(lines: Iterable[Line]) -> None:
        if visitor is not None:
            account = account_of(request) if session_was_read(request) else visitor.user_key
            ours = [line for line in lines if is_new(line) and line.user_key in ("", account)]
            # Whoever pays a guest's order that was not made here need not be the guest: sellers and couriers confirm
            # orders of strangers. It is the shopper's own where their cart held all of it.
            held = {str(row[0]) for row in cart_rows(visitor)}
            strange = {
                line.order_key
                for line in ours
                if not line.user_key and line.order_key not in created and line.item_key not in held
            }
            _tie(visitor, {line.order_key for line in ours} - strange)

    yes = visitor is not None and visitor.grants(Purpose.PERSONALIZATION)
    theirs = yes and not _acts_for_others(request)
    lines = reconcile_orders(touched, tie=tie if theirs else None)
    if visitor is not None and theirs:
        # Some shops number an order at the checkout and fill it when the provider reports the payment.
        _tie(visitor, created - {line.order_key for line in lines})
    return [line for line in lines if is_new(line)]


def _tie(visitor: Visitor, order_keys: Iterable[str]) -> None:
    now = clock.now()
    links = [
        OrderLink(order_key=key, visitor=visitor, linked_at=now)
        for key in sorted(set(order_keys))
        if len(key) <= LONGEST
    ]
    OrderLink.objects.bulk_create(links, ignore_conflicts=True)


def _acts_for_others(request: HttpRequest) -> bool:
    """Say whether somebody of the shop's staff is at work here: the admin, or a dashboard of the shop's own."""
    user = getattr(request, "user", None)
    return in_admin(request) or (session_was_read(request) and bool(getattr(user, "is_staff", False)))


def in_admin(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and "admin" in match.app_names
