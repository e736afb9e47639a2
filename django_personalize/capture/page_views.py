"""Which page shows which item: learnt once from the items' own URLs, so that no view of the shop is edited."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, get_script_prefix, resolve

from django_personalize.conf import settings
from django_personalize.core.types import Item

RETRY_SECONDS = 60.0
SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Pattern:
    """The URL pattern of item pages, and which of its arguments says which item."""

    view_name: str
    kwarg: str
    field: str
    """'' where the argument is the key itself, else the item's field that it is looked up by."""


_learnt: Pattern | None = None
_tried_at = float("-inf")


def learn(items: Sequence[Item]) -> Pattern | None:
    """Return the pattern behind these items' URLs, on which all must agree: one alone may agree by chance.

    None where the URLs name no argument that tells items apart.
    """
    agreed: set[Pattern] | None = None
    for item in items:
        agreed = _patterns(item) if agreed is None else agreed & _patterns(item)
    return min(agreed, key=lambda pattern: (pattern.field, pattern.kwarg)) if agreed else None


def _patterns(item: Item) -> set[Pattern]:
    path, prefix = unquote(urlsplit(item.url).path), get_script_prefix()
    try:
        match = resolve(f"/{path.removeprefix(prefix)}")
    except Resolver404:
        return set()
    found = {Pattern(match.view_name, kwarg, "") for kwarg, value in match.kwargs.items() if str(value) == item.key}
    return found | {
        Pattern(match.view_name, kwarg, kwarg)
        for kwarg, value in match.kwargs.items()
        if str(getattr(item.obj, kwarg, None)) == str(value)
    }


def forget() -> None:
    """Learn again at the next page; for tests that change the shop's URLs."""
    global _learnt, _tried_at
    _learnt, _tried_at = None, float("-inf")


def item_shown(request: HttpRequest, response: HttpResponseBase) -> str | None:
    """Return the key of the item that this response is the page of; None for every other page and for prefetches."""
    if request.method != "GET" or response.status_code != 200:
        return None
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return None
    if "prefetch" in (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")):
        return None
    match, pattern = request.resolver_match, _pattern()
    if match is None or pattern is None or match.view_name != pattern.view_name:
        return None
    value = match.kwargs.get(pattern.kwarg)
    if value is None:
        return None
    return settings.shop.find(pattern.field, str(value)) if pattern.field else str(value)


def _pattern() -> Pattern | None:
    global _learnt, _tried_at
    if _learnt is None and time.monotonic() - _tried_at > RETRY_SECONDS:
        _tried_at = time.monotonic()
        _learnt = learn(settings.shop.newest(SAMPLE))
    return _learnt
