"""Which slots were seen, told by the page's script."""

from __future__ import annotations

import json
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from django_personalize.core import clock
from django_personalize.core.types import ImpressionDraft
from django_personalize.events.collector import collector_of
from django_personalize.models import Decision
from django_personalize.visitors.resolve import visitor_of

MAX_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Take `{"decision": uuid, "slots": [1, 2]}` for a decision that was made for this very visitor.

    Exempt from the CSRF token, which a beacon cannot carry; the origin is checked instead, and all it can do is to
    append an impression of something that we chose ourselves. Answers 204 whether or not there was anything to note.
    """
    response = _take(request)
    add_never_cache_headers(response)
    return response


def _take(request: HttpRequest) -> HttpResponse:
    if not _same_origin(request):
        return HttpResponse("This address only hears pages of this shop.\n", status=403, content_type="text/plain")
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > MAX_BYTES:
        return HttpResponse("At most 64 kB.\n", status=413, content_type="text/plain")
    try:
        body = json.loads(request.body)
        uid, slots = UUID(body["decision"]), {int(slot) for slot in body["slots"]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return HttpResponse('Wanted {"decision": "<uuid>", "slots": [1, 2]}.\n', status=400, content_type="text/plain")
    visitor = visitor_of(request)
    decision = Decision.objects.filter(pk=uid, visitor=visitor).first() if visitor is not None else None
    if decision is not None:
        for slot in decision.slots:
            if slot["slot"] in slots:
                collector_of(request).add(
                    ImpressionDraft(decision_id=uid, slot=slot["slot"], item_key=slot["item_key"], seen_at=clock.now())
                )
    return HttpResponse(status=204)


def _same_origin(request: HttpRequest) -> bool:
    """Browsers say where a request comes from in one of two ways; one that says neither is no browser's beacon."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.get_host()
