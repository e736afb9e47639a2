"""What stands for an answer that was not given, and what no answer can permit: the browser's signals, and children."""

from __future__ import annotations

import logging

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.core.memo import once
from django_personalize.core.types import Consents, ConsentState, Purpose

logger = logging.getLogger("django_personalize.consent")
SIGNALS = {"gpc": "HTTP_SEC_GPC", "dnt": "HTTP_DNT"}
"""Global Privacy Control and Do Not Track, and the header that each is sent by."""
NOT_FOR_CHILDREN = (Purpose.PERSONALIZATION, Purpose.OFFERS, Purpose.EMAIL, Purpose.ASSISTANT)


def ruled(request: HttpRequest, answers: Consents) -> Consents:
    """Return what counts: a signal of the browser is a no where it gave no answer, and no child is ever profiled."""
    if ConsentState.UNKNOWN in answers.values() and signal_of(request):
        answers = {
            purpose: ConsentState.DENIED if state is ConsentState.UNKNOWN else state
            for purpose, state in answers.items()
        }
    if ConsentState.GRANTED not in answers.values() or not settings.MINOR:
        return answers
    if any(answers[purpose] is ConsentState.GRANTED for purpose in NOT_FOR_CHILDREN):
        left = once(request, "minor", lambda: _left_of_a_yes(request))
        if left is not ConsentState.GRANTED:
            return {**answers, **dict.fromkeys(NOT_FOR_CHILDREN, left)}
    return answers


def is_for_children(request: HttpRequest) -> bool:
    """Say whether a child may be here, so that nothing is profiled whatever was chosen."""
    if not settings.MINOR:
        return False
    return once(request, "minor", lambda: _left_of_a_yes(request)) is not ConsentState.GRANTED


def signal_of(request: HttpRequest) -> str:
    """Return which of the setting's signals this browser sends: "gpc", "dnt", or '' for none."""
    sent = [name for name, header in SIGNALS.items() if request.META.get(header) == "1"]
    return next((name for name in sent if name in settings.SIGNALS), "")


def _left_of_a_yes(request: HttpRequest) -> ConsentState:
    """Return what the shop's function leaves of a yes. Where it fails, nothing is used and nothing erased."""
    try:
        return ConsentState.DENIED if load(settings.MINOR)(request) is True else ConsentState.GRANTED
    except Exception:
        logger.exception("minor_not_known")
        return ConsentState.UNKNOWN
