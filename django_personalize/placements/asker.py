"""Who asks for a page's placements: read once per request, each part by its own purpose."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest

from django_personalize.capture.bots import is_bot
from django_personalize.conf import settings
from django_personalize.consent.states import states
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import ConsentState, History, Purpose
from django_personalize.events.history import history_of
from django_personalize.events.vocabulary import ORDER_KINDS, VIEW_ITEM
from django_personalize.experiments.holdout import arm_of, held_out
from django_personalize.models import Visitor
from django_personalize.visitors.resolve import account_of, permitted, session_was_read, visitor_of
from django_personalize.visitors.session_tier import seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whoever asks."""

    visitor: Visitor | None
    """Whose decisions are recorded; None without a yes to anything."""
    history: History
    """Empty without a yes to `personalization` now."""
    experiment: str = ""
    variant: str = ""
    held: bool | None = None
    """Whether they are in the control group; None where nobody drew."""

    @property
    def personal(self) -> bool:
        """Whether what is kept of this person may have a say; not of whoever is held out."""
        return not self.held


NOBODY = Asker(visitor=None, history=History())
"""Whom a page is for that anybody may be given."""


def asker_of(request: HttpRequest) -> Asker:
    """Return who asks: the visitor, and with a yes to `personalization` now their history."""
    return once(request, "asker", lambda: _asker(request))


def _asker(request: HttpRequest) -> Asker:
    visitor, history = _look_up(request)
    arm = arm_of(request, visitor)
    return Asker(
        visitor=visitor,
        history=held_out(request, visitor, history),
        experiment=arm.experiment,
        variant=arm.variant,
        held=arm.held,
    )


def _look_up(request: HttpRequest) -> tuple[Visitor | None, History]:
    if is_bot(request):
        return None, History()
    visitor = visitor_of(request)
    if visitor is not None and Purpose.PERSONALIZATION in permitted(request):
        return visitor, history_of(visitor)
    return visitor, _of_this_visit(request) or _of_the_account(request)


def _of_this_visit(request: HttpRequest) -> History:
    """Return what somebody who chose this visit only has looked at in it."""
    keys = seen(request) or ()
    now = clock.now().timestamp()
    return History(
        item_keys=keys,
        kinds=(VIEW_ITEM,) * len(keys),
        times=tuple(now - place for place in range(len(keys))),
        quantities=(1,) * len(keys),
    )


def _of_the_account(request: HttpRequest) -> History:
    """Return the own orders of an account that is logged in and said yes elsewhere, where this browser said nothing.

    Only on pages that have looked at the session themselves: others may lie in a cache.
    """
    unanswered = states(request)[Purpose.PERSONALIZATION] is ConsentState.UNKNOWN
    if not unanswered or not session_was_read(request) or getattr(settings.shop, "accounts_elsewhere", False):
        return History()
    account = account_of(request)
    theirs = Visitor.objects.filter(user_key=account)
    granting = theirs.granting(Purpose.PERSONALIZATION).order_by("pk").first() if account else None
    if granting is None or theirs.filter(Q(paused_at__isnull=False) | Q(objected_at__isnull=False)).exists():
        return History()
    return history_of(granting, kinds=ORDER_KINDS)
