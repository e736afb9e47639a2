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
from django_personalize.core.types import ConsentState, EventDraft, Purpose
from django_personalize.events.collector import collector_of
from django_personalize.events.isolation import isolated
from django_personalize.events.vocabulary import VIEW_ITEM
from django_personalize.models import Visitor
from django_personalize.placements.present import is_personal
from django_personalize.privacy.withdraw import change
from django_personalize.visitors import cookie
from django_personalize.visitors.register import register
from django_personalize.visitors.resolve import account_of, belongs, browser_of

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
        if is_personal(request):
            # First, and apart: nothing that may fail below can leave a personal page to a shared cache.
            patch_cache_control(response, private=True, max_age=0)
            patch_vary_headers(response, ["Cookie"])
        try:
            token = cookie.read(request)
            if (
                token is not None or request.method not in SAFE_METHODS
            ):  # otherwise nobody is here, and no page makes one
                with isolated():
                    self.settle(request, response, token)
        except Exception:
            logger.exception("settle_failed")
        return response

    def settle(self, request: HttpRequest, response: HttpResponseBase, token: cookie.Token | None) -> None:
        """Bring visitor, cookie and facts in line with what was answered and what happened."""
        answers = states_after(request, response)
        allowed = granted(answers)
        visitor = None
        if token is not None and token.granted - allowed:
            refused = any(answers[purpose] is ConsentState.DENIED for purpose in token.granted)
            visitor = change(token.visitor_id, allowed, refused=refused)
            if visitor is None and allowed.isdisjoint(TRACED):
                cookie.clear(response)
        if allowed.isdisjoint(TRACED):
            return
        if request.method not in SAFE_METHODS:
            visitor = self._identified(request, response, token, allowed)
        elif token is not None:
            visitor = visitor or browser_of(request)
        if visitor is None or not self._is_theirs(request, visitor):
            return
        if granted(states(request)) & allowed & set(TRACED):
            self._note_view(request, response, visitor)
        collector_of(request).flush()

    def _identified(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        token: cookie.Token | None,
        allowed: frozenset[Purpose],
    ) -> Visitor:
        """After an unsafe method, which is where people say yes, log in and log out.

        Its response is never cached, so here one may ask who is logged in.
        """
        account = account_of(request)
        visitor = Visitor.objects.filter(pk=token.visitor_id).first() if token is not None else None
        if visitor is None:
            visitor = register(allowed, user_key=account)
            link_orders(visitor)
        else:
            visitor = change(visitor.pk, allowed, refused=False) or visitor
            visitor = successor(visitor, account) or visitor
            if account and not visitor.user_key:
                join(visitor, account)
        answered = cookie.Token(visitor.pk, allowed)
        if answered != token:
            cookie.write(request, response, answered)
        return visitor

    @staticmethod
    def _is_theirs(request: HttpRequest, visitor: Visitor) -> bool:
        """Say whether what happened in this request may be written down as this visitor's.

        On a page that never looked at the session nobody can say who is logged in, and looking now would make the page
        uncacheable: then only a visitor without an account is sure to be the one who is here. One who has just turned
        out to be logged in (by a GET, as single sign-on does) is joined to the account here, behind the page.
        """
        if not _session_was_read(request):
            return not visitor.user_key
        account = account_of(request)
        if account and not visitor.user_key:
            join(visitor, account)
        return belongs(visitor, account)

    @staticmethod
    def _note_view(request: HttpRequest, response: HttpResponseBase, visitor: Visitor) -> None:
        item_key = item_shown(request, response)
        if item_key is not None:
            collector_of(request).add(
                EventDraft(
                    uid=uuid4(),
                    kind=VIEW_ITEM,
                    occurred_at=clock.now(),
                    visitor_id=visitor.pk,
                    item_key=item_key,
                )
            )


def _session_was_read(request: HttpRequest) -> bool:
    return bool(getattr(getattr(request, "session", None), "accessed", False))
