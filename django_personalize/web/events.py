"""What the page's script tells."""

from __future__ import annotations

import json
import logging

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from django_personalize.capture.beacon import Accepted, NotABatch, accept
from django_personalize.capture.bots import unseen
from django_personalize.capture.budget import BATCHES_A_MINUTE, FACTS_A_MINUTE, MINUTE, is_too_much, spend
from django_personalize.capture.drafts import drafter
from django_personalize.visitors import cookie
from django_personalize.visitors.cookie import Token
from django_personalize.visitors.resolve import permitted, token_here
from django_personalize.web.origin import is_same_origin

logger = logging.getLogger("django_personalize.web")
NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"
MAX_BYTES = 64 * 1024
RETRY_SECONDS = 30
TYPES = ("application/json", "text/plain")
"""A browser that may not send JSON by beacon calls it plain text."""


@transaction.non_atomic_requests  # what is answered as stored has been committed
@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take a batch of events: 204 when all of it is stored, 200 with the counts when some of it is refused.

    Exempt from the CSRF token, which a beacon cannot carry; the origin is checked instead, and all that it can do is to
    add to what its own visitor did. Without a yes the answer is 204 too, nothing is kept, and the script's leave to
    speak is taken back.
    """
    response = _answer(request)
    response.headers["Cache-Control"] = NEVER
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    if not is_same_origin(request):
        return _problem(403, "This address only hears pages of this shop.")
    if request.content_type not in TYPES:
        return _problem(415, "Wanted application/json.")
    try:
        token = token_here(request)
        if token is None:
            response = HttpResponse(status=204)
            cookie.silence(response)
            return response
        if is_too_much(request, token.visitor_id):
            text = f"At most {BATCHES_A_MINUTE} batches and {FACTS_A_MINUTE} facts a minute of one visitor."
            return _problem(429, text, retry_after=MINUTE)
        body = _body(request)
        if body is None:
            return _problem(413, "At most 64 kB.")
        accepted = _accept(request, token, body)
        spend(request, token.visitor_id, accepted.written)
    except NotABatch as problem:
        return _problem(400, str(problem))
    except Exception:
        logger.exception("events_not_stored")
        return _problem(503, "Not stored. Try again later.", retry_after=RETRY_SECONDS)
    if not accepted.refused:
        return HttpResponse(status=204)
    return JsonResponse({"stored": accepted.stored, "refused": accepted.refused})


def _accept(request: HttpRequest, token: Token, body: bytes) -> Accepted:
    try:
        payload = json.loads(body.decode())
    except (ValueError, RecursionError) as problem:
        raise NotABatch("No JSON in UTF-8.") from problem
    who = token.visitor_id
    return accept(
        payload,
        visitor_id=who,
        browser=token.browser,
        granted=permitted(request),
        make=drafter(request, who),
        unseen=unseen(request),
    )


def _body(request: HttpRequest) -> bytes | None:
    """Return the body, None where there is too much of it: what the header says about it need not be so."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if length.isdecimal() and int(length) > MAX_BYTES:
        return None
    try:
        body = request.read(MAX_BYTES + 1)
    except OSError as problem:
        raise NotABatch("The body ended early.") from problem
    return body if len(body) <= MAX_BYTES else None


def _problem(status: int, text: str, *, retry_after: int | None = None) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
