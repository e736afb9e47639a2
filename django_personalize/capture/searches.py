"""What shoppers look for, and how much of it was there: read from the address and the view's own paginator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from django_personalize.capture.bots import unseen
from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.core.memo import once
from django_personalize.core.text import impersonal

PARAMS = ("q", "query", "search")
TERM_LENGTH = 100


def searched(request: HttpRequest) -> str | None:
    """Return the words that this address asks for, less what may be personal in them; None where it asks for nothing.

    Turning to a later page of the same results is no new search.
    """
    if request.method != "GET" or not request.META.get("QUERY_STRING") or _turns_the_page(request):
        return None
    for name in settings.SEARCH.get("params", PARAMS):
        term = impersonal(request.GET.get(name, ""))
        if term:
            return term[:TERM_LENGTH]
    return None


def say(request: HttpRequest, term: str, results: int | None) -> str:
    """Name the search that this page answers; it goes before what the address tells. Returns what is kept of the term:
    nothing of a later page's, since that is no new search.
    """
    kept = "" if _turns_the_page(request) else impersonal(term)[:TERM_LENGTH]
    vars(request)["_personalize_search"] = (kept, results)
    return kept


def _turns_the_page(request: HttpRequest) -> bool:
    return request.GET.get("page", "1") not in ("", "1")


def search_of(request: HttpRequest, response: HttpResponseBase) -> tuple[str, int | None] | None:
    """Return the term and the count of what was found, None where unknown; None where this was no search.

    A suggestion box asks at every key press: only whole pages count, and answers in JSON only of the views that
    `SEARCH["views"]` names.
    """
    said: tuple[str, int | None] | None = vars(request).get("_personalize_search")
    if said is None and not request.META.get("QUERY_STRING"):
        return None
    if response.status_code != 200 or unseen(request):
        return None
    match = request.resolver_match
    named = match is not None and match.view_name in settings.SEARCH.get("views", ())
    if not named and not _is_page(request, response):
        return None
    if said is not None:
        return said if said[0] else None
    term = searched(request)
    return None if term is None else (term, once(request, "results", lambda: results_of(request, response)))


def _is_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return False
    part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    return not part and request.headers.get("X-Requested-With") != "XMLHttpRequest"


def results_of(request: HttpRequest, response: HttpResponseBase) -> int | None:
    """Return how many items the view found, where it says so without another query."""
    told = settings.SEARCH.get("results")
    if told:
        return _count(load(told)(request, response))
    data = getattr(response, "data", None)
    if isinstance(data, Mapping):
        return _count(data.get("count"))
    context = getattr(response, "context_data", None)
    if not isinstance(context, Mapping):
        return None
    # Not `or`: an empty page is false, and asking a page whether it is empty fetches it.
    page = next((context[name] for name in ("page_obj", "page") if context.get(name) is not None), None)
    paginator = context.get("paginator", getattr(page, "paginator", None))
    if paginator is not None and "count" in getattr(paginator, "__dict__", {}):
        return _count(paginator.count)  # counted by the view already: a cached property
    return None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
