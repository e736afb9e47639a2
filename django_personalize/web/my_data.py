"""The shopper's own page: what is kept, what is made of it, and the ways to change, take along or end it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from django_personalize.conf import settings
from django_personalize.consent.states import answers
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.events.vocabulary import (
    ADD_TO_CART,
    ADD_TO_WISHLIST,
    DISMISS,
    PURCHASE,
    REMOVE_FROM_CART,
    SELECT_ITEM,
    USER_ENGAGEMENT,
    VIEW_ITEM,
)
from django_personalize.privacy import switches
from django_personalize.privacy.asking import asks_password, is_them
from django_personalize.privacy.erase import erase, forget_browser
from django_personalize.privacy.export import export
from django_personalize.privacy.interests import insight
from django_personalize.privacy.person import Person, person_of
from django_personalize.privacy.remove import remove_item

logger = logging.getLogger("django_personalize.web")
SWITCHES: dict[str, Callable[[Person], None]] = {
    "pause": switches.pause,
    "resume": switches.resume,
    "object": switches.object_to_profiling,
    "allow": switches.allow_profiling,
}
PAGE = "personalize:my_data"


@never_cache
@csrf_protect
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    """Show what is kept; where nothing is, say just that."""
    person = person_of(request)
    return render(request, "personalize/my_data.html", _shown(request, person))


@never_cache
@csrf_protect
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Pause, resume, object to profiling, or allow it again: for all browsers of whoever asks."""
    person, change = person_of(request), SWITCHES.get(request.POST.get("to", ""))
    response = redirect(PAGE)
    if change is not None and person:
        change(person)
        switches.tell_the_cookie(request, response, person)
    return response


@transaction.non_atomic_requests  # what waits in the spool is stored by it, which is not undone by an error later on
@never_cache
@csrf_protect
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take one item out of the history of whoever asks."""
    person, item_key = person_of(request), request.POST.get("item", "")
    if person and item_key:
        remove_item(person, item_key)
    return redirect(PAGE)


@transaction.non_atomic_requests
@never_cache
@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """Hand over everything, as one JSON document."""
    document = export(person_of(request))
    response: HttpResponseBase
    if isinstance(request, ASGIRequest):
        # Nothing there sends parts that a thread makes one by one; it would gather them too, and warn.
        response = HttpResponse("".join(document), content_type="application/json")
    else:
        response = StreamingHttpResponse(document, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@transaction.non_atomic_requests  # the marks are committed before anything else
@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """Ask once more, and then erase everything and take this browser's yes back."""
    person = person_of(request)
    asks = asks_password(request)
    context: dict[str, Any] = {"person": person, "asks_password": asks, "password_wrong": False, "busy": False}
    if request.method != "POST":
        return render(request, "personalize/my_data_forget.html", context)
    if asks and not is_them(request, request.POST.get("password", "")):
        return render(request, "personalize/my_data_forget.html", context | {"password_wrong": True}, status=403)
    try:
        erase(person)
    except TimeoutError:
        logger.exception("erase_waits")
        return render(request, "personalize/my_data_forget.html", context | {"busy": True}, status=503)
    response = redirect(PAGE)
    forget_browser(request, response)
    return response


def _shown(request: HttpRequest, person: Person) -> dict[str, Any]:
    known = answers(request)
    found = insight(person, request=request) if person else None
    words = _words()
    return {
        "person": person,
        "insight": found,
        "history": [(each, [words.get(kind, kind) for kind in each.kinds]) for each in found.dealings] if found else [],
        "kept": {name: round(days / 30.4) for name, days in settings.RETENTION.items()},
        "since": min((visitor.created_at for visitor in person.visitors), default=None),
        "paused": any(visitor.paused_at for visitor in person.visitors),
        "objected": any(visitor.objected_at for visitor in person.visitors),
        "answers": [
            (name, known.get(purpose) is ConsentState.GRANTED)
            for purpose, name in _purposes().items()
            if known.get(purpose, ConsentState.UNKNOWN) is not ConsentState.UNKNOWN
        ],
        "choices": _choices(),
    }


def _words() -> dict[str, str]:
    """Return what somebody did with an item, in their language."""
    return {
        VIEW_ITEM: _("looked at"),
        SELECT_ITEM: _("chosen from a row"),
        ADD_TO_CART: _("put into the cart"),
        REMOVE_FROM_CART: _("taken out of the cart"),
        ADD_TO_WISHLIST: _("put on the wish list"),
        PURCHASE: _("bought"),
        USER_ENGAGEMENT: _("read"),
        DISMISS: _("dismissed"),
    }


def _purposes() -> dict[Purpose, str]:
    return {
        Purpose.PERSONALIZATION: _("Personal recommendations"),
        Purpose.ANALYTICS: _("Statistics"),
        Purpose.OFFERS: _("Personal offers"),
        Purpose.EMAIL: _("Letters"),
        Purpose.ASSISTANT: _("The assistant's memory"),
    }


def _choices() -> str:
    """Return the address of the page where answers are changed; '' where the shop has one of its own."""
    try:
        return reverse("cookie_consent_cookie_group_list")
    except NoReverseMatch:
        return ""
