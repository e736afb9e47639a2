"""Whom a shopper's request is about: the browser that asks, or the one visitor for whom another shop's front end acts.

A browser is known by its cookies, and shows Django's CSRF token, or its origin, where it changes anything. A front end
elsewhere holds a visitor's token; a request that bears one is that visitor's, and its cookies have no say.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, CSRFCheck, get_authorization_header
from rest_framework.settings import api_settings

from django_personalize.api.keys import Counted
from django_personalize.api.refusals import Refusal
from django_personalize.capture.budget import counted_under
from django_personalize.core.requests import SAFE_METHODS, is_same_origin
from django_personalize.models import Visitor
from django_personalize.visitors import bearer
from django_personalize.visitors.resolve import act_for, act_for_nobody, acts_for, token_here

VISITOR_SCOPE, NETWORK_SCOPE = "personalize-visitor", "personalize-network"
RATES = {VISITOR_SCOPE: "300/min", NETWORK_SCOPE: "6000/min"}
"""Unless the shop's `REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]` says otherwise."""
_HOW = 'Ask for a new one: POST events/ with "token": true, by the back end that holds a key.'


class VisitorToken(BaseAuthentication):
    """`Authorization: Bearer pzv.…`. Any other header is the shop's own affair, or its web server's."""

    def authenticate(self, request: Any) -> tuple[AnonymousUser, str] | None:
        scheme, _, offered = get_authorization_header(request).partition(b" ")
        raw = offered.strip().decode("latin-1")
        if scheme.lower() != b"bearer" or not raw.startswith(bearer.PREFIX):
            return None
        identity = bearer.read(raw)
        if identity is None:
            raise Refusal(401, found="a token that is none, or has run out", wanted="a visitor's token", do=_HOW)
        visitor = Visitor.objects.select_related("cart").filter(pk=identity).first()
        if visitor is None:
            act_for_nobody(request._request)  # they have said no since
        else:
            act_for(request._request, visitor)
        return AnonymousUser(), bearer.PREFIX

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class Browser(BaseAuthentication):
    """Whoever is logged in in the browser that asks: DRF would put somebody of its own in their place."""

    def authenticate(self, request: Any) -> tuple[Any, None] | None:
        user = getattr(request._request, "user", None)
        return None if user is None else (user, None)


def guard(request: Any, *, wants_token: bool) -> None:
    """Refuse what a foreign page might have a shopper's browser send. Without a cookie nobody can be meant."""
    ours = request._request
    if request.method in SAFE_METHODS or acts_for(ours) or not ours.COOKIES:
        return
    if not wants_token:
        if not is_same_origin(ours):
            raise Refusal(
                403,
                found="a request with cookies that no page of this shop has sent",
                wanted="the same origin, as Sec-Fetch-Site or Origin says it",
                do="Send it from a page of the shop, or without cookies and with a visitor's token.",
            )
        return
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(ours)
    reason = check.process_view(ours, None, (), {})  # type: ignore[arg-type]
    if reason:
        raise Refusal(
            403,
            found=f"no CSRF token that fits ({reason})",
            wanted="the one that GET consent/ answers",
            do="Send it as the header X-CSRFToken.",
        )


class ShopperThrottle(Counted):
    """So many requests of one visitor in a minute; of people without a yes, so many of one network.

    No address and no id is kept for it: the names in the cache are keyed hashes.
    """

    scope = VISITOR_SCOPE

    def __init__(self) -> None:
        """The rate depends on who asks."""

    def allow_request(self, request: Any, view: Any) -> bool:
        token = token_here(request._request)
        self.key = counted_under(request._request, None if token is None else token.visitor_id)
        self.scope = view.scope = NETWORK_SCOPE if token is None else VISITOR_SCOPE
        rate = api_settings.DEFAULT_THROTTLE_RATES.get(self.scope, RATES[self.scope])
        self.rate = None if rate is None else str(rate)
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        return self.key or None
