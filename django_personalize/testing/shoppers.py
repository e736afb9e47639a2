"""A shopper with an answer, a past and an account, as a client of Django's tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory

from django_personalize.capture.accounts import link_orders
from django_personalize.conf import settings
from django_personalize.consent.ledger import record
from django_personalize.consent.states import TRACED
from django_personalize.core import clock
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.events.vocabulary import ADD_TO_CART, DISMISS, NOT_INTERESTED, PURCHASE, VIEW_ITEM
from django_personalize.exceptions import PersonalizeError
from django_personalize.models import Event, Membership, Visitor
from django_personalize.segments.rules import SEGMENTS
from django_personalize.testing.keys import key_of
from django_personalize.visitors import cookie
from django_personalize.visitors.register import register
from django_personalize.visitors.resolve import token_for

APART = timedelta(minutes=1)
"""Between one thing that a shopper did and the next."""


class Shopper(Client):
    """Django's test client, with the shopper behind it. Remembers its last response for `assert_placement`."""

    visitor: Visitor | None = None
    """Who they are here; None for somebody who said yes to nothing that permits an id."""
    response: Any = None
    """The last one."""

    def request(self, **request: Any) -> Any:
        self.response = super().request(**request)
        return self.response


def as_shopper(
    *,
    consent: Iterable[str] | None = (Purpose.ANALYTICS, Purpose.PERSONALIZATION),
    user: Any = None,
    viewed: Iterable[object] = (),
    carted: Iterable[object] = (),
    bought: Iterable[object] = (),
    dismissed: Iterable[object] = (),
    segments: Iterable[str] = (),
    **options: Any,
) -> Shopper:
    """Return a client whose browser has answered the shop's own banner, and whose past is in the database.

    `consent` are the purposes with a yes; what else the banner asks for is refused, and with None nothing is answered.
    `user` is logged in; with a yes to personalization the shop's orders of theirs are linked, as after a real answer.
    The items are the shop's own products or their keys: bought first, then viewed, put into the cart and dismissed, a
    minute apart, each list in its order, the last a minute ago. `segments` are slugs, `options` those of the client.

    Raises `PersonalizeError` where the banner cannot be answered so, and for a past or a segment of somebody who is to
    have none.
    """
    client = Shopper(**options)
    if user is not None:
        client.force_login(user)
    granted = frozenset(Purpose(word) for word in consent or ())
    if consent is not None:
        _answer(client, granted)
    happened = [
        *((PURCHASE, item) for item in bought),
        *((VIEW_ITEM, item) for item in viewed),
        *((ADD_TO_CART, item) for item in carted),
        *((DISMISS, item) for item in dismissed),
    ]
    segments = list(segments)
    if not granted.isdisjoint(TRACED):
        client.visitor = _visitor(client, granted, "" if user is None else str(user.pk))
        _remember(client.visitor, happened)
        _place(client.visitor, segments)
    elif happened or segments:
        raise PersonalizeError(
            "as_shopper() was given a past, and no yes to analytics or personalization: nothing is kept of them then."
        )
    return client


def _answer(client: Shopper, granted: frozenset[Purpose]) -> None:
    """Have this client hold what its browser would after answering."""
    source: Any = settings.consent
    give = getattr(source, "answer", None)
    if give is None:
        raise PersonalizeError(
            f'as_shopper() cannot answer PERSONALIZE["CONSENT"] = {settings.CONSENT!r}, which only reads: give it a '
            "method answer(request, response, answers), or set the double "
            '"django_personalize.testing.doubles.StaticConsent" for the test.'
        )
    source.prepare()
    request, response = RequestFactory().get("/"), HttpResponse()
    give(request, response, {purpose: purpose in granted for purpose in {*source.texts(), *granted}})
    request.COOKIES = {name: morsel.value for name, morsel in response.cookies.items()}
    states = source.states(request)
    if lacking := sorted(purpose for purpose in granted if states[purpose] is not ConsentState.GRANTED):
        raise PersonalizeError(
            f"as_shopper() cannot say yes to {', '.join(lacking)}: the banner does not ask for it. "
            "With django-cookie-consent make a cookie group of that name first."
        )
    client.cookies.update(response.cookies)


def _visitor(client: Shopper, granted: frozenset[Purpose], account: str) -> Visitor:
    browser = uuid4()
    with transaction.atomic():
        record(browser, granted, (), source=settings.CONSENT)
        visitor = register(granted, user_key=account, browser=browser)
    link_orders(visitor)
    client.cookies[cookie.NAME] = cookie.value_of(token_for(visitor, granted))
    client.cookies[cookie.LEAVE] = "1"
    return visitor


def _remember(visitor: Visitor, happened: list[tuple[str, object]]) -> None:
    now = clock.now()
    rows = []
    for place, (kind, item) in enumerate(happened):
        variant = "" if isinstance(item, str | int) else settings.shop.variant_key(item)
        rows.append(
            Event(
                uid=uuid4(),
                kind=kind,
                visitor=visitor,
                item_key=key_of(item),
                item_variant=variant,
                occurred_at=now - APART * (len(happened) - place),
                received_at=now,
                quantity=1 if kind in (PURCHASE, ADD_TO_CART) else None,
                transaction_id=f"testing-{visitor.pk.hex[:8]}-{place}" if kind == PURCHASE else "",
                reason=NOT_INTERESTED if kind == DISMISS else "",
            )
        )
    Event.objects.bulk_create(rows)


def _place(visitor: Visitor, slugs: list[str]) -> None:
    known = [segment.slug for segment in SEGMENTS]
    if wrong := [slug for slug in slugs if slug not in known]:
        raise PersonalizeError(f"as_shopper() was given the segments {wrong}; known are {', '.join(known)}.")
    now = clock.now()
    Membership.objects.bulk_create(Membership(visitor=visitor, segment=slug, since=now, as_of=now) for slug in slugs)
