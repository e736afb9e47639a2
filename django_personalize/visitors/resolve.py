"""Who is behind a request, if they said yes to being anyone."""

from __future__ import annotations

from django.http import HttpRequest

from django_personalize.consent.states import TRACED, granted, states
from django_personalize.models import Visitor
from django_personalize.visitors import cookie


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return the visitor, with one query per request; None without a yes, and without any query then.

    A visitor that belongs to an account is nobody while another account, or none, is logged in: on a shared computer
    the next person must not see the last one's page. Reads `request.user`, so call it only where the response varies
    by visitor anyway.
    """
    if not hasattr(request, "_personalize_visitor"):
        request._personalize_visitor = _look_up(request)  # type: ignore[attr-defined]
    held: Visitor | None = request._personalize_visitor  # type: ignore[attr-defined]
    return held


def account_of(request: HttpRequest) -> str:
    """Return the logged-in account's key as text, empty for a guest."""
    user = getattr(request, "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else ""


def belongs(visitor: Visitor, account: str) -> bool:
    """Say whether this visitor may be used by whoever is logged in now."""
    return visitor.user_key in ("", account)


def _look_up(request: HttpRequest) -> Visitor | None:
    if granted(states(request)).isdisjoint(TRACED):
        return None
    token = cookie.read(request)
    if token is None:
        return None
    visitor = Visitor.objects.filter(pk=token.visitor_id).first()
    return visitor if visitor is not None and belongs(visitor, account_of(request)) else None
