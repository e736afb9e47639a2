"""The page of a product: its own URL, or the pattern that leads to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, models, transaction
from django.urls import NoReverseMatch, Resolver404, get_resolver, get_script_prefix, resolve, reverse
from django.urls.resolvers import URLPattern, URLResolver

from django_personalize.shop.detection import tables, words
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says, tokens

SAMPLE = 5
_NOT_PAGES = words.some(
    "add remove delete edit update create cart basket bag review wish wishlist like favourite favorite buy api json "
    "admin search category brand order checkout rest increase decrease compare rate comment image media"
)


def product_url(model: Model) -> tuple[tuple[str, str, str] | None, str]:
    """Return (what `url` has to be, a remark): (None, "") where the product's own `get_absolute_url()` works."""
    rows = _rows(model)
    wrong = ""
    if tables.has_url(model):
        wrong = next((said for row in rows if (said := _wrong(row))), "")
        if not wrong:
            return None, "" if rows else "there is no product yet to try get_absolute_url() on"
    found = _pattern(model, rows)
    if found is not None:
        return found, wrong or "the model has no get_absolute_url()"
    return None, f"{wrong or 'no get_absolute_url()'}, and no URL pattern leads to a product: views cannot be seen"


def _rows(model: Model) -> list[Any]:
    try:
        with transaction.atomic():
            return list(model._base_manager.order_by("-pk")[:SAMPLE])
    except DatabaseError:
        return []


def _wrong(row: Any) -> str:
    try:
        url = str(row.get_absolute_url())
    except Exception as error:
        # Whatever the shop's method does to a row of its own, it gives no address.
        return f"get_absolute_url() fails: {type(error).__name__}"
    path = unquote(urlsplit(url).path)
    try:
        resolve(f"/{path.removeprefix(get_script_prefix())}")
    except (Resolver404, ImproperlyConfigured, ImportError):
        return "get_absolute_url() leads to no page"
    return ""


def _pattern(model: Model, rows: list[Any]) -> tuple[str, str, str] | None:
    found = []
    for name, route, kwargs, view in _patterns():
        score = _score(model, name, route, view)
        fields = [(kwarg, field) for kwarg in kwargs if (field := _field(model, kwarg))]
        if len(kwargs) == 1 and fields and score >= 2:
            found.append((-score, len(route), name, *fields[0]))
    for _rank, _length, name, kwarg, field in sorted(found):
        try:
            for row in rows:
                reverse(name, kwargs={kwarg: getattr(row, field)})
        except NoReverseMatch:
            continue
        return name, kwarg, field
    return None


def _score(model: Model, name: str, route: str, view: Any) -> float:
    said = {*tokens(name), *tokens(route)}
    if said & _NOT_PAGES:
        return 0.0
    shown = getattr(view, "view_class", None)
    queryset = getattr(shown, "queryset", None)
    score = 3.0 * (getattr(shown, "model", None) is model or getattr(queryset, "model", None) is model)
    own = {*tokens(tables.name_of(model)), *(words.PRODUCT - {"item"})}
    score += 2.0 * bool({*tokens(name.rpartition(":")[2])} & own) + 1.0 * bool({*tokens(route)} & own)
    return score + 0.5 * says(name, {"detail", "page", "show", "view"})


def _field(model: Model, kwarg: str) -> str:
    """Return the attribute that a URL's argument is taken from; '' where nobody can tell."""
    known = {field.name for field in tables.columns(model)}
    slugs = [field.name for field in tables.columns(model, models.SlugField)]
    last = tokens(kwarg)[-1:] or ("",)
    if kwarg in known:
        return kwarg
    if last[0] in {"pk", "id", "uuid", "key"} or kwarg in tokens(tables.name_of(model)):
        return "pk"
    return slugs[0] if last[0] == "slug" and slugs else ""


def _patterns() -> Iterator[tuple[str, str, tuple[str, ...], Any]]:
    """Yield (name with namespaces, route, named arguments, view) of every named pattern outside the admin."""
    try:
        yield from _below(get_resolver(), "", "", ())
    except (ImproperlyConfigured, ImportError):
        return


def _below(
    resolver: URLResolver, names: str, route: str, kwargs: tuple[str, ...]
) -> Iterator[tuple[str, str, tuple[str, ...], Any]]:
    for pattern in resolver.url_patterns:
        path, own = f"{route}{pattern.pattern}", (*kwargs, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield f"{names}{pattern.name}", path, own, pattern.callback
        elif pattern.namespace != "admin":
            yield from _below(pattern, f"{names}{pattern.namespace}:" if pattern.namespace else names, path, own)
