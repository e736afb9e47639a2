"""What a shopper switches off themselves, for all their browsers: pause, and objection to profiling."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from django_personalize.capture.accounts import link_orders
from django_personalize.consent.states import granted, states
from django_personalize.core import clock
from django_personalize.models import Cart, Membership, Visitor
from django_personalize.privacy.person import Person
from django_personalize.visitors import cookie
from django_personalize.visitors.resolve import token_for


@transaction.atomic
def pause(person: Person) -> None:
    """From now on nothing is added and nothing used; what is kept stays as it is."""
    Visitor.objects.filter(pk__in=person.ids, paused_at=None).update(paused_at=clock.now())
    # What goes in and out meanwhile is nobody's business: on resuming it begins with the cart as it then is.
    Cart.objects.filter(visitor__in=person.ids).delete()


def resume(person: Person) -> None:
    """Take the pause back; what was answered counts again."""
    Visitor.objects.filter(pk__in=person.ids).update(paused_at=None)
    _link(person)


@transaction.atomic
def object_to_profiling(person: Person) -> None:
    """From now on no profile is made of them and none is used, whatever they answered; what was made of them ends."""
    Visitor.objects.filter(pk__in=person.ids, objected_at=None).update(objected_at=clock.now())
    Membership.objects.filter(visitor__in=person.ids).delete()


def allow_profiling(person: Person) -> None:
    """Take the objection back; what was answered counts again."""
    Visitor.objects.filter(pk__in=person.ids).update(objected_at=None)
    _link(person)


def tell_the_cookie(request: HttpRequest, response: HttpResponseBase, person: Person) -> None:
    """Have this browser's cookie say what was switched, so that its pages need no query to know."""
    token = cookie.read(request)
    visitor = None if token is None else Visitor.objects.filter(pk__in=person.ids, pk=token.visitor_id).first()
    if visitor is not None:
        cookie.write(request, response, token_for(visitor, granted(states(request))))


def _link(person: Person) -> None:
    for visitor in Visitor.objects.filter(pk__in=person.ids).order_by("created_at", "pk"):
        link_orders(visitor)
