"""The rows that cached pages have left for later, all of a page in one call."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from django_personalize.capture.bots import unseen
from django_personalize.capture.budget import is_too_much
from django_personalize.core.requests import is_same_origin
from django_personalize.events.collector import collector_of
from django_personalize.placements.asked import unsigned
from django_personalize.placements.present import show_all
from django_personalize.visitors.resolve import token_here
from django_personalize.web.events import NEVER

logger = logging.getLogger("django_personalize.web")
MAX_BYTES = 64 * 1024
MOST_ROWS = 24


@csrf_exempt
@require_POST
def placements(request: HttpRequest) -> HttpResponse:
    """Fill the rows of a page for whoever asks: `{"rows": [...]}`, each as it stands in the page, signed.

    Answers an HTML document with one `<div data-pz-filled="…">` for each, in the same order, empty where the page may
    stay as it is; 204 where nobody said yes, since the page has what everybody gets. Exempt from the CSRF token, which
    a cached page cannot carry; the origin is checked instead. Never kept by any cache.
    """
    response = _answer(request)
    response.headers["Cache-Control"] = NEVER
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    if not is_same_origin(request):
        return _problem(403, "This address only answers pages of this shop.")
    rows = _rows(request)
    if rows is None:
        return _problem(400, f'Wanted {{"rows": [...]}} in JSON, at most {MOST_ROWS} of them and 64 kB.')
    try:
        token = None if unseen(request) else token_here(request)
        if token is None:
            return HttpResponse(status=204)
        if is_too_much(request, token.visitor_id):
            return _problem(429, "Too many calls in this minute. The rows of the page stay.")
        body = _filled(request, rows)
        collector_of(request).flush()
    except Exception:
        logger.exception("placements_not_filled")
        return HttpResponse(status=204)  # what the page has is as good as anything that could be said now
    return HttpResponse(body)


def _filled(request: HttpRequest, rows: list[str]) -> str:
    asked = [unsigned(row) for row in rows]
    known = [each for each in asked if each is not None]
    language = known[0].language if known else ""
    with translation.override(language or translation.get_language()):
        shown = iter(show_all(request, known))
        presented = [None if each is None else next(shown) for each in asked]
        return render_to_string("personalize/filled.html", {"filled": presented}, request)


def _rows(request: HttpRequest) -> list[str] | None:
    try:
        body = request.read(MAX_BYTES + 1)
        told: Any = json.loads(body.decode()) if len(body) <= MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    rows = told.get("rows") if isinstance(told, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, str) for row in rows):
        return None
    return rows


def _problem(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
