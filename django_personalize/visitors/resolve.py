"""Who is behind a request, if they said yes to being anyone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from uuid import UUID

from django.contrib.auth import SESSION_KEY, get_user
from django.http import HttpRequest

from django_personalize.consent.states import TRACED, granted, states
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.models import Visitor
from django_personalize.models.visitor import PROFILING, YES_LASTS
from django_personalize.visitors import cookie
from django_personalize.visitors.cookie import OBJECTED, PAUSED, Token


def permitted(request: HttpRequest) -> frozenset[Purpose]:
    """Return what may be done for this browser now: what it says yes to, less what its shopper has switched off."""
    return once(request, "permitted", lambda: permits(granted(states(request)), cookie.read(request)))


def permits(allowed: frozenset[Purpose], token: Token | None) -> frozenset[Purpose]:
    """Return what is left of a yes after the shopper's own switches: pause, and objection to profiling."""
    if token is None or not token.flags:
        return allowed
    if PAUSED in token.flags:
        return frozenset()
    return allowed - PROFILING if OBJECTED in token.flags else allowed


def token_of(request: HttpRequest) -> Token | None:
    """Return what this browser's cookie says, where something of it may be stored; None else. Costs no query."""
    return once(request, "token", lambda: None if permitted(request).isdisjoint(TRACED) else cookie.read(request))


def token_here(request: HttpRequest) -> Token | None:
    """Return the same, where whoever is here now may be that visitor. Asks who is logged in only of an account's."""
    token = token_of(request)
    return token if token is not None and token.belongs_to(account_of(request) if token.account else "") else None


def browser_of(request: HttpRequest) -> Visitor | None:
    """Return the visitor that this browser's cookie names, whoever is logged in, with one query per request.

    None without a yes, and without any query then. Never looks at the session, so it may be asked on any page.
    """
    return once(request, "browser", lambda: _named_by_the_cookie(request))


def _named_by_the_cookie(request: HttpRequest) -> Visitor | None:
    token = token_of(request)
    found = None if token is None else Visitor.objects.select_related("cart").filter(pk=token.visitor_id).first()
    if found is None:
        return None
    allowed = permitted(request)
    # Switched off in another browser of theirs: this one's cookie does not say so yet.
    return None if permits(allowed, token_for(found, allowed)).isdisjoint(TRACED) else found


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return the visitor who is here.

    A visitor that belongs to an account is nobody while another account, or none, is logged in: on a shared computer
    the next person must not see the last one's page. Reads `request.user`, so call it only where the response varies
    by visitor anyway.
    """
    visitor = browser_of(request)
    return visitor if visitor is not None and belongs(visitor, account_of(request)) else None


def account_of(request: HttpRequest) -> str:
    """Return the logged-in account's key as text, empty for a guest; of a request that acts for one visitor, theirs."""
    named = vars(request).get("_personalize_account")
    if named is not None:
        return str(named)
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


def acts_for(request: HttpRequest) -> bool:
    """Say whether another shop's front end acts for one visitor here, and no browser of this project's asks."""
    return "_personalize_account" in vars(request)


def act_for(request: HttpRequest, visitor: Visitor) -> None:
    """Make this request that visitor's: what they say yes to is what their row says, and no cookie has a say.

    Whoever calls this has made sure that they may.
    """
    lapsed = visitor.answered_at < clock.now() - YES_LASTS
    allowed = frozenset(purpose for purpose in Purpose if visitor.granted.get(purpose.value) and not lapsed)
    consents = {each: ConsentState.GRANTED if each in allowed else ConsentState.UNKNOWN for each in Purpose}
    request.COOKIES = {cookie.NAME: cookie.value_of(token_for(visitor, allowed))}
    vars(request)["_personalize_account"] = visitor.user_key
    vars(request)["_personalize_answers"] = vars(request)["_personalize_consents"] = consents


def act_for_nobody(request: HttpRequest) -> None:
    """Make this request nobody's, whatever its browser would say."""
    request.COOKIES = {}
    vars(request)["_personalize_account"] = ""
    unknown = dict.fromkeys(Purpose, ConsentState.UNKNOWN)
    vars(request)["_personalize_answers"] = vars(request)["_personalize_consents"] = unknown


class Presence:
    """Who is here, as the cookie says; their row is read when somebody needs it, and most pages never do."""

    def __init__(self, token: Token, load: Callable[[], Visitor | None]) -> None:
        self.token = token
        self._load = load

    @property
    def visitor_id(self) -> UUID:
        return self.token.visitor_id

    @cached_property
    def visitor(self) -> Visitor | None:
        """The row; None where it was erased from elsewhere while this browser still holds the cookie."""
        return self._load()


def token_for(visitor: Visitor, allowed: frozenset[Purpose]) -> Token:
    """Return what the cookie of this visitor says from now on."""
    flags = {PAUSED: visitor.paused_at, OBJECTED: visitor.objected_at}
    return Token(
        visitor.pk,
        allowed,
        visitor.browser,
        cookie.account_digest(visitor.user_key),
        frozenset(flag for flag, since in flags.items() if since is not None),
    )
