"""Which page shows which item: learnt once from the items' own URLs, so that no view of the shop is edited."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from django_personalize.conf import settings
from django_personalize.core.types import Item

RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """The URL pattern of item pages, and which of its arguments says which item."""

    view_name: str
    kwarg: str
    field: str
    """'' where the argument is the key itself, else the item's field that it is looked up by."""


_learnt: Pattern | None = None
_tried_at = float("-inf")


def learn(item: Item) -> Pattern | None:
    """Return the pattern behind this item's URL; None where the URL names no argument that tells items apart."""
    try:
        match = resolve(urlsplit(item.url).path)
    except Resolver404:
        return None
    for kwarg, value in match.kwargs.items():
        if str(value) == item.key:
            return Pattern(match.view_name, kwarg, "")
    for kwarg, value in match.kwargs.items():
        if str(getattr(item.obj, kwarg, None)) == str(value):
            return Pattern(match.view_name, kwarg, kwarg)
    return None


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
        for item in settings.shop.newest(1):
            _learnt = learn(item)
    return _learnt
