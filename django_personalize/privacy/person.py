"""Whom the facts are about: a browser's visitor, or an account with all its visitors, and the orders of theirs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.events.vocabulary import ORDER_KINDS
from django_personalize.exceptions import PersonalizeError
from django_personalize.models import Event, FeedLine, OrderLink, Visitor
from django_personalize.visitors import cookie
from django_personalize.visitors.resolve import account_of, acts_for, belongs

logger = logging.getLogger("django_personalize.privacy")


@dataclass(frozen=True)
class Person:
    """Somebody, as far as anything here knows of them."""

    account: str = ""
    """The shop's key of their account; empty for a guest."""
    visitors: tuple[Visitor, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything is kept under a pseudonym or an account of theirs."""
        return bool(self.visitors)

    @property
    def ids(self) -> list[UUID]:
        return [visitor.pk for visitor in self.visitors]

    @cached_property
    def orders(self) -> frozenset[str]:
        """The orders that are theirs, as our rows and the shop's tables say: read once, and only where it is needed."""
        orders = set(OrderLink.objects.filter(visitor__in=self.ids).values_list("order_key", flat=True))
        linked = Event.objects.filter(visitor__in=self.ids, kind__in=ORDER_KINDS)
        orders.update(linked.values_list("transaction_id", flat=True))
        if self.account:
            orders.update(FeedLine.objects.filter(user_key=self.account).values_list("order_key", flat=True))
            try:
                # With no yes, and for the time before it, only the shop's own tables know whose an order is.
                orders.update(line.order_key for line in settings.shop.lines(user_key=self.account))
            except PersonalizeError:
                logger.exception("orders_not_read")
        return frozenset(orders - {""})

    @property
    def subjects(self) -> list[UUID]:
        """The browsers that answered for them, less those in which somebody else is remembered too."""
        browsers = {visitor.browser for visitor in self.visitors}
        others = Visitor.objects.filter(browser__in=browsers).exclude(pk__in=self.ids)
        return sorted(browsers - set(others.values_list("browser", flat=True)))


def of_account(account: str) -> Person:
    """Return the person behind an account of the shop's; there may be nothing of them here."""
    return Person(account, tuple(Visitor.objects.filter(user_key=account).order_by("created_at", "pk")))


def of_visitor(visitor_id: UUID) -> Person:
    """Return whoever is behind a visitor's id: with an account, all that is the account's."""
    visitor = Visitor.objects.filter(pk=visitor_id).first()
    if visitor is None:
        return Person()
    return of_account(visitor.user_key) if visitor.user_key else Person("", (visitor,))


def person_of(request: HttpRequest) -> Person:
    """Return who asks, whatever they have switched off: to look at what is kept needs no yes.

    A visitor that belongs to an account is theirs only while that account is logged in.
    """
    # A user of this project is nobody of a shop that runs elsewhere, though their ids may be alike.
    elsewhere = getattr(settings.shop, "accounts_elsewhere", False) and not acts_for(request)
    account = "" if elsewhere else account_of(request)
    visitors = list(Visitor.objects.filter(user_key=account).order_by("created_at", "pk")) if account else []
    token = cookie.read(request)
    here = None if token is None else Visitor.objects.filter(pk=token.visitor_id).first()
    if here is not None and belongs(here, account) and here not in visitors:
        visitors.append(here)
    return Person(account, tuple(visitors))
