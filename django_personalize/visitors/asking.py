"""Whether a banner should ask this browser, which may have said enough without one."""

from __future__ import annotations

from django.http import HttpRequest

from django_personalize.consent.rules import signal_of
from django_personalize.visitors.session_tier import seen


def should_ask(request: HttpRequest) -> bool:
    """Return False where the browser sends a signal that counts as a no, or the shopper chose this visit only.

    The page then differs by that, so it is kept out of Django's page cache, and others' page may be in it.
    """
    vars(request)["_personalize_asking"] = True
    if not signal_of(request) and seen(request) is None:
        return True
    vars(request)["_cache_update_cache"] = False
    return False


def was_asked_about(request: HttpRequest) -> bool:
    """Say whether this page depends on what the browser signals."""
    return "_personalize_asking" in vars(request)
