"""The one middleware: after the response, answers are honoured, what happened is noted, and the batch is written."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers, patch_cache_control, patch_vary_headers

from django_personalize.capture.accounts import join, link_orders, successor
from django_personalize.capture.arrivals import note_arrival
from django_personalize.capture.bots import is_bot, is_prefetch
from django_personalize.capture.budget import may_come
from django_personalize.capture.carts import note_cart
from django_personalize.capture.drafts import captured_here, draft
from django_personalize.capture.live import follow_orders, in_admin
from django_personalize.capture.page_views import view_of
from django_personalize.capture.searches import search_of
from django_personalize.capture.visit import Visit, visiting
from django_personalize.conf import settings
from django_personalize.consent.ledger import record
from django_personalize.consent.states import TRACED, granted, may_answer, states, states_after
from django_personalize.core.requests import SAFE_METHODS
from django_personalize.core.types import Consents, ConsentState, Line, Purpose
from django_personalize.events.collector import collector_of, has_gathered
from django_personalize.events.counts import count
from django_personalize.events.isolation import isolated
from django_personalize.events.vocabulary import LOGIN, REFUSAL, SEARCH, VIEW_ITEM
from django_personalize.models import Visitor
from django_personalize.placements.present import is_personal
from django_personalize.privacy.erase import forget_browser, is_erased
from django_personalize.privacy.withdraw import change
from django_personalize.visitors import cookie, session_tier
from django_personalize.visitors.asking import was_asked_about
from django_personalize.visitors.register import register
from django_personalize.visitors.resolve import (
    Presence,
    account_of,
    belongs,
    browser_of,
    permits,
    permitted,
    session_was_read,
    token_for,
)

logger = logging.getLogger("django_personalize")


class PersonalizeMiddleware:
    """Goes after the authentication middleware and outside of no cache; serves synchronous and asynchronous stacks.

    It never changes a body, never writes the session, looks at it only where the page did or the method is unsafe, sets
    its cookie only in answer to an unsafe method (or renews it for one who has just logged in by a GET), and lets no
    exception of its own reach the page.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.asynchronous = iscoroutinefunction(get_response)
        if self.asynchronous:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.asynchronous:
            return self._asynchronously(request)
        if request.COOKIES:
            self._step("before", lambda: settings.consent.before(request))
        with visiting() as visit:
            response: HttpResponseBase = self.get_response(request)
        self.after(request, response, visit)
        return response

    async def _asynchronously(self, request: HttpRequest) -> HttpResponseBase:
        if request.COOKIES:
            await sync_to_async(self._step)("before", lambda: settings.consent.before(request))
        with visiting() as visit:
            response: HttpResponseBase = await self.get_response(request)
        await sync_to_async(self.after)(request, response, visit)
        return response

    def after(self, request: HttpRequest, response: HttpResponseBase, visit: Visit) -> None:
        """Do everything that follows from this request; each step stands and fails alone."""
        if is_personal(request) or _is_drawn_later(request, response):
            # First, and apart: nothing that may fail below can leave a personal page to a shared cache.
            patch_cache_control(response, private=True, max_age=0)
            patch_vary_headers(response, ["Cookie"])
        if response.cookies:
            self._step("banner", lambda: settings.consent.after(request, response))
        if was_asked_about(request):
            patch_vary_headers(response, ["Sec-GPC", "DNT"])
        if _is_ours(request) and not may_answer(request):
            return  # our own addresses say what happened themselves, and a beacon in flight outlives no withdrawal
        if session_tier.NAME in request.COOKIES:
            self._step("visit", lambda: self.remember(request, response))
        token, within = cookie.read(request), connection.in_atomic_block
        if response.streaming and token is not None:
            # Closed by every server when all is sent or its reader has gone; no part of the page waits for us. Without
            # it the body would have to be wrapped, sync or async as it is: Django has no public way to add to these.
            closers = response._resource_closers  # type: ignore[attr-defined]
            closers.append(lambda: self._step("stream", lambda: self.flush_drawn(request, response)))
        here: Presence | None = None
        if token is not None or request.method not in SAFE_METHODS:
            # Otherwise nobody is here, and no page makes somebody.
            here = self._step("settle", lambda: self.settle(request, response, token), within=within)
        bought: list[Line] = []
        if visit.references:
            bought = self._step("orders", lambda: follow_orders(request, visit, here), within=within) or []
        if here is None:
            self._step("count", lambda: self.count_view(request, response), within=within)
            return
        who = here
        self._step("notes", lambda: self.note(request, response, who, visit), within=within)
        if has_gathered(request):
            self._step("flush", lambda: collector_of(request).flush(), within=within)
        self._step("cart", lambda: note_cart(request, response, who, visit, bought), within=within)

    @staticmethod
    def flush_drawn(request: HttpRequest, response: HttpResponseBase) -> None:
        """Write what was gathered while the page was drawn: its placements have asked who is here as they came up."""
        allowed = permits(granted(states_after(request, response)), cookie.read(request))
        if has_gathered(request) and not allowed.isdisjoint(TRACED):
            collector_of(request).flush()

    @staticmethod
    def _step(name: str, work: Callable[[], Any], *, within: bool | None = None) -> Any:
        """Do one thing; what goes wrong is logged. `within` says whether a transaction is open, where that is known."""
        try:
            if within is False:
                return work()
            with isolated():
                return work()
        except Exception:
            logger.exception("step_failed", extra={"step": name})
            return None

    def settle(self, request: HttpRequest, response: HttpResponseBase, token: cookie.Token | None) -> Presence | None:
        """Bring visitor and cookie in line with what was answered; return the one who is here and may be written down.

        None without a yes that holds both before and after this request. A page of somebody whose answer stands costs
        no query.
        """
        answers = states_after(request, response)
        allowed = granted(answers)
        answered = answers != states(request)
        kept = permits(allowed, token) if answered else permitted(request)
        if token is not None and token.granted - allowed:
            refused = any(answers[purpose] is ConsentState.DENIED for purpose in token.granted)
            gone = refused and allowed.isdisjoint(TRACED)
            if gone or answered or not self._is_kept(token, allowed):
                # An answer that cannot be put on record is undone all the same.
                self._step("proof", lambda: self._prove(token.browser, answers))
                change(token.visitor_id, allowed, refused=refused)
                if gone:
                    cookie.clear(response)
        elif token is not None and (answered or (request.method not in SAFE_METHODS and allowed - token.granted)):
            self._prove(token.browser, answers)
        elif token is None and answered and kept.isdisjoint(TRACED) and ConsentState.DENIED in answers.values():
            count(REFUSAL)
        if kept.isdisjoint(TRACED) or is_bot(request):
            return None
        if request.method not in SAFE_METHODS:
            return self._identified(request, response, token, answers)
        if token is None:
            return None
        here = Presence(token, lambda: browser_of(request))
        return here if self._is_theirs(request, response, here, allowed) else None

    @staticmethod
    def _is_kept(token: cookie.Token, allowed: frozenset[Purpose]) -> bool:
        """Say whether a lapsed answer has been noted on an earlier page: no page may set the cookie that would tell."""
        noted = Visitor.objects.filter(pk=token.visitor_id).values_list("granted", flat=True).first()
        return noted == dict.fromkeys(sorted(allowed), True)

    def _identified(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        token: cookie.Token | None,
        answers: Consents,
    ) -> Presence | None:
        """After an unsafe method, which is where people say yes, log in and log out.

        Its response is never cached, so here one may ask who is logged in.
        """
        account, allowed = account_of(request), granted(answers)
        visitor = None
        if token is not None:
            visitor = Visitor.objects.select_related("cart").filter(pk=token.visitor_id).first()
        if visitor is None and token is not None and answers == states(request) and is_erased(token):
            # By another browser of theirs: the yes that this one still holds was given before, and went with it.
            forget_browser(request, response)
            return None
        if visitor is None and not may_come(request):
            return None
        if visitor is None:
            visitor = self._registered(account, answers)
            link_orders(visitor)
        else:
            visitor = change(visitor.pk, allowed, refused=False) or visitor
            visitor = successor(visitor, account) or visitor
            if account and not visitor.user_key:
                join(visitor, account)
        answered = token_for(visitor, allowed)
        if answered != token or cookie.is_of_an_older_secret(request):
            cookie.write(request, response, answered)
        here = Presence(answered, lambda: visitor)
        switched_off = permits(allowed, answered).isdisjoint(TRACED)
        return here if belongs(visitor, account) and not switched_off else None

    @classmethod
    def _registered(cls, account: str, answers: Consents) -> Visitor:
        """Make somebody of a browser that has just said yes, together with the proof of it, or neither."""
        browser = uuid4()
        with transaction.atomic():
            cls._prove(browser, answers)
            return register(granted(answers), user_key=account, browser=browser)

    @staticmethod
    def _prove(browser: UUID, answers: Consents) -> None:
        """Put on record what this browser has answered, or what stands for an answer of it."""
        refused = [purpose for purpose, state in answers.items() if state is ConsentState.DENIED]
        record(browser, granted(answers), refused, source=settings.CONSENT)

    @staticmethod
    def _is_theirs(
        request: HttpRequest, response: HttpResponseBase, here: Presence, allowed: frozenset[Purpose]
    ) -> bool:
        """Say whether what happened in this request may be written down as this visitor's.

        On a page that never looked at the session nobody can say who is logged in, and looking now would make the page
        uncacheable: then only a visitor without an account is sure to be the one who is here. One who has just turned
        out to be logged in (by a GET, as single sign-on does) is joined to the account here, behind the page, and told
        so by the cookie: a page that asked who is logged in is nobody else's anyway.
        """
        if not session_was_read(request):
            return not here.token.account
        account = account_of(request)
        if not account or here.token.account:
            return here.token.belongs_to(account)
        visitor = here.visitor
        if visitor is None or not belongs(visitor, account):
            return False
        if not visitor.user_key:
            join(visitor, account)
        cookie.write(request, response, token_for(visitor, allowed))
        return True

    @staticmethod
    def remember(request: HttpRequest, response: HttpResponseBase) -> None:
        """Have the browser of somebody who chose this visit only remember what it looked at, until that has ended."""
        if session_tier.has_ended(request, response):
            session_tier.end(response)
            return
        add_never_cache_headers(response)
        shown = None if in_admin(request) else view_of(request, response)
        if shown is not None:
            session_tier.write(request, response, [shown.item_key, *(session_tier.seen(request) or ())])

    @staticmethod
    def count_view(request: HttpRequest, response: HttpResponseBase) -> None:
        """Count a view by somebody of whom nothing may be stored: one more on that day, and no more than that."""
        if in_admin(request) or not captured_here(VIEW_ITEM):
            return
        shown = view_of(request, response)
        if shown is not None:
            count(VIEW_ITEM, shown.item_key, settings.shop.scope(request))

    @staticmethod
    def note(request: HttpRequest, response: HttpResponseBase, here: Presence, visit: Visit) -> None:
        """Gather what this page tells; nothing of the admin's, and nothing about the moment before the yes."""
        if in_admin(request) or permitted(request).isdisjoint(TRACED):
            return
        if not is_prefetch(request):
            note_arrival(request, response, here.visitor_id)
        who = here.visitor_id
        if visit.logged_in:
            collector_of(request).add(draft(request, who, LOGIN))
        shown = view_of(request, response) if captured_here(VIEW_ITEM) else None
        if shown is not None:
            told = draft(request, who, VIEW_ITEM, item_key=shown.item_key, item_variant=shown.variant_key)
            collector_of(request).add(told)
        search = search_of(request, response) if captured_here(SEARCH) else None
        if search is not None:
            collector_of(request).add(draft(request, who, SEARCH, search_term=search[0], results=search[1]))


def _is_drawn_later(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Say whether this page is drawn while it is sent, when its headers have gone, for somebody who may be known: it
    may yet turn out personal.
    """
    page = response.streaming and response.get("Content-Type", "").startswith("text/html")
    return page and cookie.NAME in request.COOKIES


def _is_ours(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.app_names[:1] == ["personalize"]
