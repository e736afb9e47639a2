"""Carts in stored sessions: keys whose value looks like a cart. Only names and shapes leave this module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from django_personalize.shop.detection import words
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says

SAMPLE = 200
"""The sessions that end last are looked at."""
_ITEM = words.names("product_id product item_id item variant_id variant sku id pk")
_NO_CARTS = words.some("view viewed recent recently wish wishlist favourite favorite compare history checkout order")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a cart lies in the session."""

    name: str
    """Dots descend."""
    item: str = ""
    qty: str = ""
    variants: bool = False
    """Whether its keys are those of variants."""
    seen: int = 0
    """Sessions that hold one with something in it that the shop sells."""


def stored() -> list[dict[str, Any]] | None:
    """Return the sessions that are looked at; None where their store keeps them out of sight."""
    stores = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(stores, "get_model_class"):
        return None
    rows = stores.get_model_class()
    try:
        with transaction.atomic():
            data = list(rows._base_manager.order_by("-expire_date").values_list("session_data", flat=True)[:SAMPLE])
    except DatabaseError:
        return None
    return [stores().decode(each) for each in data]


def carts(product: Model, variants: Model | None) -> tuple[list[Shape], str]:
    """Return the carts that stored sessions hold, the most frequent first, and a remark where nobody could look."""
    found = stored()
    if found is None:
        return [], f"sessions are kept by {settings.SESSION_ENGINE}, where nobody can look through them"
    values: dict[str, list[Any]] = {}
    for session in found:
        for name, value in _values(session):
            values.setdefault(name, []).append(value)
    shapes = [shape for name, held in values.items() if (shape := _shape(name, held, product, variants)) is not None]
    return sorted(shapes, key=lambda shape: (not says(shape.name, words.CART), -shape.seen, shape.name)), ""


def named(stored: list[dict[str, Any]]) -> Counter[str]:
    """Return the names, each with its sessions, of what is called a cart, be it empty."""
    return Counter(
        name
        for session in stored
        for name, value in session.items()
        if isinstance(value, dict | list) and says(str(name), words.CART) and not says(str(name), _NO_CARTS)
    )


def _values(session: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of what may be a cart, two steps deep; Django's own entries begin with an underscore."""
    for name, value in session.items():
        if str(name).startswith("_") or not isinstance(value, dict | list) or not value:
            continue
        yield str(name), value
        if isinstance(value, dict):
            for inner, held in value.items():
                if isinstance(held, dict | list) and held and says(str(inner), words.CART):
                    yield f"{name}.{inner}", held


def _shape(name: str, held: list[Any], product: Model, variants: Model | None) -> Shape | None:
    named = says(name, words.CART)
    if says(name, _NO_CARTS) and not named:
        return None
    read = [entries for value in held if (entries := _entries(value)) is not None]
    if not read:
        return None
    tried = [("", [key for keys, _ in read for key in keys])]
    inside = [entry for _, entries in read for entry in entries]
    tried += [
        (item, [entry[item] for entry in inside]) for item in _ITEM if inside and all(item in each for each in inside)
    ]
    qty = next(
        (each for each in words.QUANTITY if inside and all(isinstance(entry.get(each), int) for entry in inside)), ""
    )
    for model in (variants, product):
        for item, keys in tried:
            if model is not None and keys and _exist(model, keys):
                if not named and not qty and not all(isinstance(value, dict) for value in held):
                    return None  # a list of keys may be anything
                return Shape(name, item, qty, model is variants, len(read))
    return None


def _entries(value: Any) -> tuple[list[Any], list[dict[str, Any]]] | None:
    """Return (keys, dicts inside) of what has the shape of a cart."""
    if isinstance(value, dict):
        inside = list(value.values())
        if all(isinstance(each, int) and not isinstance(each, bool) for each in inside):
            return list(value), []
        return (list(value), inside) if all(isinstance(each, dict) for each in inside) else None
    if all(isinstance(each, dict) for each in value):
        return [], value
    return (value, []) if all(isinstance(each, int | str) for each in value) else None


def _exist(model: Model, keys: list[Any]) -> bool:
    """Whether most of these are keys of the model; a product may be gone since."""
    pks = set()
    for key in keys[:SAMPLE]:
        try:
            pks.add(model._meta.pk.to_python(key))
        except (ValidationError, ValueError, TypeError):
            return False
    try:
        with transaction.atomic():
            return 2 * model._base_manager.filter(pk__in=pks).count() > len(pks)
    except (DatabaseError, OverflowError, ValueError, TypeError):
        return False
