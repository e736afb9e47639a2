"""Who is behind a request, if they said yes to being anyone."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY, get_user
from django.http import HttpRequest

from django_personalize.consent.states import TRACED, granted, states
from django_personalize.core.memo import once
from django_personalize.models import Visitor
from django_personalize.visitors import cookie


def browser_of(request: HttpRequest) -> Visitor | None:
    """Return the visitor that this browser's cookie names, whoever is logged in, with one query per request.

    None without a yes, and without any query then. Never looks at the session, so it may be asked on any page.
    """
    return once(request, "browser", lambda: _named_by_the_cookie(request))


def _named_by_the_cookie(request: HttpRequest) -> Visitor | None:
    token = None if granted(states(request)).isdisjoint(TRACED) else cookie.read(request)
    return None if token is None else Visitor.objects.select_related("cart").filter(pk=token.visitor_id).first()


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return the visitor who is here.

    A visitor that belongs to an account is nobody while another account, or none, is logged in: on a shared computer
    the next person must not see the last one's page. Reads `request.user`, so call it only where the response varies
    by visitor anyway.
    """
    visitor = browser_of(request)
    return visitor if visitor is not None and belongs(visitor, account_of(request)) else None


def account_of(request: HttpRequest) -> str:
    """Return the logged-in account's key as text, empty for a guest."""
    user = getattr(request, "user", None)
    session = getattr(request, "session", None)
    if user is not None and not user.is_authenticated and session is not None and session.get(SESSION_KEY):
        user = get_user(request)  # an API of the shop's has put its own answer on the request
    return str(user.pk) if user is not None and user.is_authenticated else ""


def belongs(visitor: Visitor, account: str) -> bool:
    """Say whether this visitor may be used by whoever is logged in now."""
    return visitor.user_key in ("", account)


def session_was_read(request: HttpRequest) -> bool:
    """Say whether the page has looked at the session: only then does looking at it cost no cache its page."""
    return bool(getattr(getattr(request, "session", None), "accessed", False))
