"""Joining a consenting browser to the account that logs in there, and to that account's own past orders.

Reads and writes all of an account's orders, so it belongs behind a response, never into a page that is being made.
"""

from __future__ import annotations

from django_personalize.capture.orders import reconcile
from django_personalize.core.types import Purpose
from django_personalize.models import Visitor
from django_personalize.visitors.register import register, take_over
from django_personalize.visitors.resolve import belongs


def join(visitor: Visitor, account: str) -> None:
    """Make `visitor` the account's, and its past orders theirs where they grant `personalization`."""
    take_over(visitor, account)
    link_orders(visitor)


def link_orders(visitor: Visitor) -> None:
    """Read the account's orders again, so that its lines carry whoever grants `personalization` now."""
    if visitor.user_key and visitor.grants(Purpose.PERSONALIZATION):
        reconcile(user_key=visitor.user_key)


def successor(visitor: Visitor, account: str) -> Visitor | None:
    """Return a new visitor where `visitor` belongs to another account than the one logged in; None where it may stay.

    Called after a log-in or log-out: the answers are this browser's and stay, the past is the account's and does not.
    """
    if belongs(visitor, account):
        return None
    fresh = register([Purpose(word) for word in visitor.granted], browser=visitor.browser)
    if account:
        join(fresh, account)
    return fresh
