"""Erasing a person: marks first, so that nothing comes back, then all that is kept of them."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase

from django_personalize.capture import budget, carts
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.failpoints import reach
from django_personalize.models import Visitor
from django_personalize.privacy.person import Person
from django_personalize.privacy.register import REGISTER, AboutPeople
from django_personalize.visitors import cookie
from django_personalize.visitors.cookie import Token
from django_personalize.visitors.forgotten import Kind, forget, forgotten


def erase(person: Person) -> dict[str, int]:
    """Erase all that is kept of `person` up to this moment, and return how many rows ended, by section.

    Repeatable, whenever it was killed: marks are left first, the rows go in one transaction, and until that is
    committed the person is still found. The marks keep every sync, feed and drain from bringing anything back; what
    happens later is new. Raises `TimeoutError` where the drainer does not pause for the spool: nothing is erased then,
    and it can be tried again.
    """
    moment = clock.now()
    with transaction.atomic():
        forget(Kind.VISITOR, [visitor.pk.hex for visitor in person.visitors], moment)
        forget(Kind.USER, [person.account] if person.account else [], moment)
        forget(Kind.ORDER, person.orders, moment)
    reach("erase_marked")
    ids = [visitor.pk.hex for visitor in person.visitors]
    if ids:
        drain()
        scrub = getattr(settings.sink, "scrub", None)
        if scrub is not None:
            scrub(ids)
    reach("erase_scrubbed")
    ended = _rows(person)
    reach("erase_done")
    budget.forget(person.ids)
    carts.forget()
    cookie.forget()
    return ended


def is_erased(token: Token) -> bool:
    """Say whether the visitor that a cookie names was erased."""
    name = token.visitor_id.hex
    return name in forgotten({Kind.VISITOR: {name}})[Kind.VISITOR]


def forget_browser(request: HttpRequest, response: HttpResponseBase) -> None:
    """Take the visitor cookie back, and the yes that the banner keeps, where the source of answers knows how to."""
    decline = getattr(settings.consent, "decline", None)
    if decline is not None:
        decline(request, response)
    cookie.clear(response)


def drain() -> bool:
    """Have what waits on this host stored, so that it is seen by whoever exports or erases; for sinks that wait.

    Says whether nothing is left waiting: another process can be at it for too long, or Redis can be away. Not inside of
    somebody's transaction: a file of the spool goes once it is stored, and no roll-back returns it.
    """
    waiting = getattr(settings.sink, "drain", None)
    if waiting is None:
        return True
    return not connection.in_atomic_block and waiting() is not False


@transaction.atomic
def _rows(person: Person) -> dict[str, int]:
    """Delete, whoever is linked locked first: a sync that is at it ends before, and the next one sees the marks."""
    theirs = Visitor.objects.filter(pk__in=person.ids)
    if person.account:
        theirs |= Visitor.objects.filter(user_key=person.account)
    person = replace(person, visitors=tuple(theirs.select_for_update().order_by("pk")))
    ended: dict[str, int] = {}
    for entry in REGISTER.values():
        if isinstance(entry, AboutPeople):
            count = entry.erase(person, entry.rows(person))
            if count:
                ended[entry.section] = count
    return ended
