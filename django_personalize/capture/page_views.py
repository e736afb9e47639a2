"""Which page shows which item: learnt once from the items' own URLs, so that no view of the shop is edited."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve

from django_personalize.capture.bots import unseen
from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Item
from django_personalize.shop.keys import key_of

RETRY_SECONDS = 60.0
SAMPLE = 20
"""Items whose pages are looked at: enough for a few odd ones among them."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The URL pattern of item pages, and which of its arguments says which item."""

    view_name: str
    kwarg: str
    """Of a key of several columns one argument for each, joined by commas."""
    field: str
    """'' where the argument is the key itself, else the item's field that it is looked up by."""
    model: Any = None
    """Whose rows these pages show, in a shop that shows rows of several; each has pages of its own."""

    def value(self, kwargs: Mapping[str, Any]) -> str | None:
        """Return what an address with these arguments says; None where it lacks one."""
        values = [kwargs.get(name) for name in self.kwarg.split(",")]
        if None in values:
            return None
        return str(values[0]) if len(values) == 1 else key_of(values)


REMEMBERED = 10_000
REMEMBER_SECONDS = 300.0
_learnt: dict[str, Pattern] = {}
"""By the name of the view."""
_tried_at = float("-inf")
_found: dict[tuple[str, str, Any], tuple[float, Shown]] = {}


def learn(items: Sequence[Item]) -> Pattern | None:
    """Return the pattern behind these items' URLs, on which all must agree: one alone may agree by chance.

    Of several the one that tells most of these items apart. None where the URLs name no argument that does.
    """
    told = [_patterns(item, match) for item in items if (match := _resolved(item)) is not None]
    if len(told) < len(items):
        return None
    agreed = set.intersection(*map(set, told)) if told else set()
    apart = {pattern: len({each[pattern] for each in told}) for pattern in agreed}
    found = [pattern for pattern in agreed if not pattern.field or apart[pattern] > 1 or len(told) == 1]

    def rank(pattern: Pattern) -> tuple[Any, ...]:
        field, kwarg = pattern.field, pattern.kwarg
        return bool(field), -apart[pattern], field != kwarg, not _is_unique(items[0], field), field, kwarg

    return min(found, key=rank, default=None)


def learn_each(items: Sequence[Item]) -> list[Pattern]:
    """Return a pattern for each view that shows some of these items: they need not all have their page in the same one.

    Items without a page that is known here are passed over. A view that shows a single one of several items is learnt
    only by what is that item's alone, its key or a unique field, and names it once.
    """
    views: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        match = _resolved(item)
        if match is not None:
            views[match.view_name].append(item)
    found = []
    for shown in views.values():
        pattern = learn(shown)
        if pattern is not None and (len(shown) > 1 or len(items) == 1 or _is_sure(shown[0], pattern)):
            found.append(pattern)
    return found


def _is_sure(item: Item, pattern: Pattern) -> bool:
    if pattern.field:
        return _is_unique(item, pattern.field)
    match = _resolved(item)
    return match is not None and sum(not each.field for each in _patterns(item, match)) == 1


def _resolved(item: Item) -> ResolverMatch | None:
    """Return what the item's URL leads to in this project; None for another site's, and for none."""
    if not item.url:
        return None
    try:
        path = unquote(urlsplit(item.url).path)
        return resolve(f"/{path.removeprefix(get_script_prefix())}")
    except (Resolver404, ValueError):
        return None


def _patterns(item: Item, match: ResolverMatch) -> dict[Pattern, str]:
    """Return what this item's URL may mean, each with the value in it."""
    found: dict[Pattern, str] = {}
    for columns in {1, item.key.count(",") + 1}:
        for names in permutations(match.kwargs, columns):
            pattern = Pattern(match.view_name, ",".join(names), "")
            if pattern.value(match.kwargs) == item.key:
                found[pattern] = item.key
    fields = {field.name for field in _columns(item)}
    for kwarg, given in match.kwargs.items():
        for field in {kwarg, *fields}:
            if _value(item, field) == str(given):
                found[Pattern(match.view_name, kwarg, field)] = str(given)
    return found


def _value(item: Item, name: str) -> str | None:
    try:
        value = getattr(item.obj, name, None)
        return None if value is None else str(value)
    except Exception:
        # A property of the shop's that happens to bear the name of an argument, and fails for this item.
        return None


def _columns(item: Item) -> list[Any]:
    """Return the fields of the item's own row that a part of an address may be of."""
    meta = getattr(item.obj, "_meta", None)
    return [] if meta is None else [field for field in meta.concrete_fields if not field.is_relation]


def _is_unique(item: Item, name: str) -> bool:
    return any(field.name == name and field.unique for field in _columns(item))


def forget() -> None:
    """Learn again at the next page; for tests that change the shop's URLs."""
    global _learnt, _tried_at
    _learnt, _tried_at = {}, float("-inf")
    _found.clear()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is about: an item, and the variant of it where the page is the variant's own."""

    item_key: str
    variant_key: str = ""


def say(request: HttpRequest, item_key: str, variant_key: str = "") -> None:
    """Name the item that this page is about; it goes before what the address tells."""
    vars(request)["_personalize_page"] = Shown(item_key, variant_key)


def item_of(request: HttpRequest) -> str | None:
    """Return the key of the item whose page is being made; None on every other page."""
    shown = shown_by(request)
    return None if shown is None else shown.item_key


def shown_by(request: HttpRequest) -> Shown | None:
    return once(request, "page", lambda: _looked_up(request))


def view_of(request: HttpRequest, response: HttpResponseBase) -> Shown | None:
    """Return what somebody has looked at in this response; None for every other page, and where nobody looked."""
    if request.method != "GET" or response.status_code != 200:
        return None
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return None
    if unseen(request):
        return None
    return shown_by(request)


def _looked_up(request: HttpRequest) -> Shown | None:
    match = request.resolver_match
    pattern = None if match is None else _patterns_of_shop().get(match.view_name)
    if match is None or pattern is None:
        return None
    value = pattern.value(match.kwargs)
    return None if value is None else _find(pattern.field, value, pattern.model)


def _find(field: str, value: str, model: Any) -> Shown | None:
    """Ask the shop which item this is, and remember for a while: a slug seldom moves, and pages are asked for often."""
    now = time.monotonic()
    known = _found.get((field, value, model))
    if known is not None and now - known[0] < REMEMBER_SECONDS:
        return known[1]
    if field:
        found = settings.shop.find(field, value, model=model)
        shown = None if found is None else Shown(found)
    else:
        found = settings.shop.group_of([value]).get(value)
        own = getattr(settings.shop, "canonical_key", str)(value)
        shown = None if found is None else Shown(found, "" if found == own else own)
    if shown is not None:
        if len(_found) >= REMEMBERED:
            _found.clear()
        _found[field, value, model] = (now, shown)
    return shown


def _patterns_of_shop() -> dict[str, Pattern]:
    global _learnt, _tried_at
    if not _learnt and time.monotonic() - _tried_at > RETRY_SECONDS:
        _tried_at = time.monotonic()
        _learnt = learn_all(settings.shop.samples(SAMPLE))
    return _learnt


def learn_all(samples: Iterable[Sequence[Item]]) -> dict[str, Pattern]:
    """Return the patterns by view. A view that shows rows of several models does not say which, and is left out."""
    samples = [items for items in samples if items]
    found = [(items, pattern) for items in samples for pattern in learn_each(items)]
    views = Counter(pattern.view_name for _, pattern in found)
    return {
        pattern.view_name: replace(pattern, model=type(items[0].obj)) if len(samples) > 1 else pattern
        for items, pattern in found
        if views[pattern.view_name] == 1
    }
