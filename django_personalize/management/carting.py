"""Whether the cart can be read where the settings say it is kept; counts only, of nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.exceptions import ConfigurationError
from django_personalize.management.telling import plural
from django_personalize.shop.carts import Source, UnknownShape, sources
from django_personalize.shop.detection import sessions, tables
from django_personalize.shop.products import MappedProducts, model_of


def readable() -> Iterator[str]:
    """Yield what a look at each of the `CART` dicts finds."""
    for source in sources(getattr(settings.shop, "CART", None) if settings.CART is None else settings.CART):
        yield {"session": _session, "cookie": _cookie, "model": _rows, "callable": _callable}[source.kind](source)


def _session(source: Source) -> str:
    stored = sessions.stored()
    if stored is None:
        return "the stored sessions cannot be looked through: put something into the cart, and see it arrive."
    held = wrong = 0
    for session in stored:
        request: Any = SimpleNamespace(method="POST", session=session)
        try:
            held += bool(source.read(request, None, True))
        except UnknownShape:
            wrong += 1
    name = source.spec["session"]
    if not any(_has(session, name) for session in stored) and (others := _others(stored)):
        return f'of {plural(len(stored), "stored session")}, none has "{name}", but {others}.'
    odd = f", {wrong} of a shape that the mapping does not describe" if wrong else ""
    return f"of {plural(len(stored), 'stored session')}, {held} with something in the cart{odd}."


def _has(session: Any, name: str) -> bool:
    for part in name.split("."):
        if not isinstance(session, Mapping) or part not in session:
            return False
        session = session[part]
    return True


def _others(stored: list[dict[str, Any]]) -> str:
    """Return under which names these sessions hold what looks like a cart; '' where nothing does."""
    shop = settings.shop
    found: dict[str, int] = {}
    if isinstance(shop, MappedProducts):
        found = {shape.name: shape.seen for shape in sessions.carts(shop.model, shop.variant_model)[0]}
    for name, seen in sessions.named(stored).items():
        found.setdefault(name, seen)
    return " and ".join(
        f'{plural(seen, "has", "have")} "{name}", which looks like a cart' for name, seen in found.items()
    )


def _rows(source: Source) -> str:
    rows = tables.some_rows(model_of("CART", source.spec), source.spec.get("where"))
    more = " or more" if rows == tables.LIMIT else ""
    each = "" if source.spec.get("qty") else ' Each counts as one piece, since no "qty" is said.'
    return f"{plural(rows, 'row')}{more} of {source.spec['model']} in carts now.{each}"


def _cookie(source: Source) -> str:
    return f'only browsers have the cookie "{source.spec["cookie"]}": put something into the cart, and see it arrive.'


def _callable(source: Source) -> str:
    try:
        load(source.spec["callable"])
    except ConfigurationError as error:
        return str(error)
    return f"{source.spec['callable']}() is there; it is asked in requests."
