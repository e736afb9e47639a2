"""Carts, however the shop keeps them: in the session, in a cookie, in rows, or behind a function of its own.

Nothing here writes a session, or looks at one on a safe request that has not looked itself: the page would no longer
be cacheable.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.db import models

from django_personalize.core.loading import load
from django_personalize.core.requests import SAFE_METHODS
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.items import model_of
from django_personalize.shop.keys import key_of
from django_personalize.shop.paths import expression, key_path, pieces
from django_personalize.shop.vocabulary import CART_KINDS

logger = logging.getLogger("django_personalize.shop")
QUANTITIES = ("quantity", "qty")
"""What an entry's quantity is looked up by where the mapping does not say."""
MOST = 100_000
"""Pieces of one thing; what a browser sends may be any number."""


SESSION, ACCOUNT = "session", "account"
"""What a cart may belong to: it ends with the one, and is the same on all devices of the other."""


class UnknownShape(Exception):
    """The cart is not what its mapping describes."""


class NotAsked(Exception):
    """This may be the cart of whoever is here, and this request does not call for looking: no other may answer."""


@dataclass(frozen=True, slots=True)
class Held:
    """One entry of a cart, with keys as the cart has them."""

    key: str
    """Of an item, or of a variant that is a product itself; '' where only `variant` says what it is."""
    variant: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Source:
    """One dict of `CART`."""

    kind: str
    spec: Mapping[str, Any]

    @property
    def models(self) -> list[type[models.Model]]:
        """The models whose rows are, or change, this cart."""
        if self.kind == "model":
            return [model_of("CART", self.spec)]
        return [model_of("CART", {"watch": label}, "watch") for label in self.spec.get("watch") or ()]

    def read(self, request: Any, response: Any, touched: bool) -> list[Held] | None:
        """Return the cart's entries; None where it is not of whoever is here. Raises `UnknownShape` and `NotAsked`."""
        reader = {"session": in_session, "cookie": in_cookie, "model": in_rows, "callable": from_callable}[self.kind]
        found = reader(self, request, response, touched)
        if found is None:
            return None
        if self.spec.get("keys") == "variant":
            found = [Held("", held.key, held.quantity) for held in found]
        return [held for held in found if held.quantity > 0]

    def belongs_to(self, request: Any) -> str:
        """Return `SESSION`, `ACCOUNT`, or '' for a cookie and for a function, of which nobody knows."""
        if self.kind == "model":
            return ACCOUNT if account_of(self.spec, request) is not None else SESSION
        return SESSION if self.kind == "session" else ""


def sources(given: Any) -> list[Source]:
    """Return the alternatives that `CART` names, in order."""
    found = []
    for spec in [given] if isinstance(given, Mapping) else given or ():
        kinds = [kind for kind in CART_KINDS if kind in spec]
        if len(kinds) != 1:
            raise ConfigurationError(
                f'PERSONALIZE["CART"] is {spec!r}; wanted exactly one of {", ".join(CART_KINDS)}, '
                'such as {"session": "cart"}.'
            )
        found.append(Source(kinds[0], spec))
    return found


def may_ask(request: Any) -> bool:
    """Say whether looking at the session, and at who is logged in, costs no cache its page."""
    if request.method not in SAFE_METHODS:
        return True
    return bool(getattr(getattr(request, "session", None), "accessed", False))


def in_session(source: Source, request: Any, response: Any, touched: bool) -> list[Held] | None:
    session = getattr(request, "session", None)
    if session is None:
        return None
    if not may_ask(request):
        raise NotAsked
    found: Any = session
    for name in source.spec["session"].split("."):
        if found is not session and not isinstance(found, Mapping):
            raise UnknownShape
        found = found.get(name)
        if found is None:
            return []
    return entries(found, source.spec)


def in_cookie(source: Source, request: Any, response: Any, touched: bool) -> list[Held] | None:
    name = source.spec["cookie"]
    given = request.COOKIES.get(name)
    morsel = getattr(response, "cookies", {}).get(name)
    if morsel is not None:
        given = None if morsel["max-age"] == 0 else morsel.value
    return entries(given, source.spec) if given else []


def in_rows(source: Source, request: Any, response: Any, touched: bool) -> list[Held] | None:
    if not may_ask(request):
        raise NotAsked
    spec, owner = source.spec, owner_of(source.spec, request)
    if owner is None:
        return None
    if not touched and request.method in SAFE_METHODS:
        raise NotAsked
    path, value = owner
    if value is None:
        return []
    model = model_of("CART", spec)
    item = spec["item"] if isinstance(spec["item"], list | tuple) else [spec["item"]]
    paths = {f"item_{place}": key_path(model, path) for place, path in enumerate(item)}
    paths |= {"variant": key_path(model, spec.get("variant")), "qty": spec.get("qty")}
    columns = {f"personalize_{name}": expression(path) for name, path in paths.items() if path is not None}
    rows = model._base_manager.annotate(**columns)
    if spec.get("where") is not None:
        rows = rows.filter(spec["where"])
    try:
        found = list(rows.filter(**{path: value}).order_by().values("pk", *columns).distinct())
    except (ValueError, TypeError, ValidationError) as error:
        raise UnknownShape from error
    return [held for row in found if (held := _row(row)) is not None]


def _row(row: Mapping[str, Any]) -> Held | None:
    item = tuple(value for name, value in row.items() if name.startswith("personalize_item_"))
    variant = row.get("personalize_variant")
    if None in item and variant is None:
        return None  # what it held is gone
    quantity = _pieces(row["personalize_qty"]) if "personalize_qty" in row else 1
    key = "" if None in item else key_of(item[0] if len(item) == 1 else item)
    return Held(key, "" if variant is None else key_of(variant), quantity)


def owner_of(spec: Mapping[str, Any], request: Any) -> tuple[str, Any] | None:
    """Return (path from a cart's row, what it must equal) for whoever is here; None where the mapping cannot say."""
    account = account_of(spec, request)
    if account is not None:
        return spec["user"], account
    session = getattr(request, "session", None)
    if session is None:
        return None
    if spec.get("session_key"):
        return spec["session_key"], session.session_key
    if spec.get("session_value"):
        name, path = spec["session_value"]
        return path, session.get(name)
    return None


def account_of(spec: Mapping[str, Any], request: Any) -> Any:
    """Return the key of the logged-in account where the rows are looked up by it; None else."""
    user = getattr(request, "user", None) if spec.get("user") else None
    return user.pk if user is not None and user.is_authenticated else None


def from_callable(source: Source, request: Any, response: Any, touched: bool) -> list[Held] | None:
    spec = source.spec
    if not may_ask(request) or (spec.get("watch") and not touched and request.method in SAFE_METHODS):
        raise NotAsked
    try:
        found = load(spec["callable"])(request)
        if found is None:
            return None
        pairs = list(found.items() if isinstance(found, Mapping) else found)
        return [Held(_key(key), "", _pieces(quantity)) for key, quantity in pairs]
    except (UnknownShape, ConfigurationError):
        raise
    except Exception as error:
        # Shop code: whatever it raises, the page has been answered already.
        logger.exception("cart_unreadable", extra={"callable": spec["callable"]})
        raise UnknownShape from error


def entries(found: Any, spec: Mapping[str, Any]) -> list[Held]:
    """Return what a cart of plain data holds: {key: quantity}, {key: {...}}, [{...}] or [key], as JSON or as it is."""
    if isinstance(found, str):
        found = from_json(found)
    if isinstance(found, Mapping):
        return [entry(key, value, spec) for key, value in found.items()]
    if not isinstance(found, list | tuple):
        raise UnknownShape
    return [entry(None, each, spec) if isinstance(each, Mapping) else Held(_key(each), "", 1) for each in found]


def entry(key: Any, value: Any, spec: Mapping[str, Any]) -> Held:
    if not isinstance(value, Mapping):
        return Held(_key(key), "", _pieces(value))
    names = [spec["qty"]] if spec.get("qty") else [name for name in QUANTITIES if name in value]
    if not names:
        raise UnknownShape
    variant = value.get(spec["variant"]) if spec.get("variant") else None
    item = value.get(spec["item"]) if spec.get("item") else key
    if isinstance(item, list | tuple):  # a primary key of several columns, as a session keeps it
        item = key_of([_key(part) for part in item])
    return Held(_key(item), "" if variant is None else _key(variant), _pieces(value.get(names[0])))


def from_json(given: str) -> Any:
    for tried in (given, unquote(given)):
        try:
            return json.loads(tried)
        except (ValueError, RecursionError):
            continue
    raise UnknownShape


def _key(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, list | dict | float):
        raise UnknownShape
    return key_of(value)


def _pieces(value: Any) -> int:
    found = pieces(value)
    if found is None:
        raise UnknownShape
    return min(found, MOST)
