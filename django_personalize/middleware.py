"""The one middleware: after the response, answers are honoured, the page view noted, and the batch written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from django_personalize.capture.accounts import join, link_orders, successor
from django_personalize.capture.page_views import item_shown
from django_personalize.consent.states import TRACED, granted, states, states_after
from django_personalize.core import clock
from django_personalize.core.types import Consents, ConsentState, EventDraft, Purpose
from django_personalize.events.collector import collector_of
from django_personalize.events.vocabulary import VIEW_ITEM
from django_personalize.models import Visitor
from django_personalize.placements.present import is_personal
from django_personalize.privacy.withdraw import change
from django_personalize.visitors import cookie
from django_personalize.visitors.register import register
from django_personalize.visitors.resolve import account_of

logger = logging.getLogger("django_personalize")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


class PersonalizeMiddleware:
    """Goes after the authentication middleware and outside of no cache.

    It never changes a body, never touches the session, sets its cookie only in answer to an unsafe method, and lets no
    exception of its own reach the page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        try:
            self.settle(request, response)
        except Exception:
            logger.exception("settle_failed")
        return response

    def settle(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Bring visitor, cookie and facts in line with what was answered and what happened."""
        answers = states_after(request, response)
        allowed = granted(answers)
        token = cookie.read(request)
        if token is not None and (allowed - token.granted or self._refused(answers, token)):
            token = self._answered(request, response, token, allowed)
        elif allowed.isdisjoint(TRACED):
            return
        elif request.method not in SAFE_METHODS:
            token = self._identified(request, response, token, allowed)
        if token is None:
            return
        if granted(states(request)) & allowed & set(TRACED):
            self._note_view(request, response, token)
        collector_of(request).flush()
        if is_personal(request):
            patch_cache_control(response, private=True, max_age=0)
            patch_vary_headers(response, ["Cookie"])

    def _answered(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        token: cookie.Token,
        allowed: frozenset[Purpose],
    ) -> cookie.Token | None:
        """The answers differ from those that the cookie was set with: a new yes, or a yes taken back."""
        visitor = change(token.visitor_id, allowed)
        if visitor is None:
            cookie.clear(response)
            return None
        return self._set(request, response, visitor, allowed)

    @staticmethod
    def _refused(answers: Consents, token: cookie.Token) -> bool:
        """A no to what was granted. UNKNOWN is no no: the banner asks again after a change of its texts, and until then
        what is kept is neither read nor added to, so that a repeated yes finds it."""
        return any(answers[purpose] is ConsentState.DENIED for purpose in token.granted)

    def _identified(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        token: cookie.Token | None,
        allowed: frozenset[Purpose],
    ) -> cookie.Token:
        """After an unsafe method, which is where people say yes, log in and log out."""
        known = getattr(getattr(request, "session", None), "accessed", False)
        account = account_of(request) if known else ""
        visitor = Visitor.objects.filter(pk=token.visitor_id).first() if token is not None else None
        if visitor is None:
            visitor = register(allowed, user_key=account)
            link_orders(visitor)
            return self._set(request, response, visitor, allowed)
        if known:
            fresh = successor(visitor, account)
            if fresh is not None:
                return self._set(request, response, fresh, allowed)
            if account and not visitor.user_key:
                join(visitor, account)
        return cookie.Token(visitor.pk, allowed)

    def _set(
        self, request: HttpRequest, response: HttpResponseBase, visitor: Visitor, allowed: frozenset[Purpose]
    ) -> cookie.Token:
        token = cookie.Token(visitor.pk, allowed)
        cookie.write(request, response, token)
        return token

    def _note_view(self, request: HttpRequest, response: HttpResponseBase, token: cookie.Token) -> None:
        item_key = item_shown(request, response)
        if item_key is not None:
            collector_of(request).add(
                EventDraft(
                    uid=uuid4(),
                    kind=VIEW_ITEM,
                    occurred_at=clock.now(),
                    visitor_id=token.visitor_id,
                    item_key=item_key,
                )
            )
