"""How the shop keeps carts: in tables of its own, as unfinished orders, in the session, in a cookie."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

from django_personalize.shop.detection import products, sessions, sources, states, tables, words
from django_personalize.shop.detection.lines import Sales
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says, stem

Found = tuple[list[dict[str, Any]], list[str]]
"""The dicts of `CART`, and remarks on them."""


def carts(all_models: Iterable[Model], sales: Sales, unfinished: Q | None, user: str) -> Found:
    """Return what `CART` may be. `unfinished` are the lines of orders that are carts still, `user` the path to
    the account behind one; both where there are such.
    """
    models = list(all_models)
    product, variants = sales.link.product, sales.link.variants
    named = [model for model in models if says(tables.name_of(model), words.CART)]
    by_label = {tables.label(model): model for model in (*models, sales.model)}
    said = sources.near([product, sales.model, *named])
    found = _in_rows(models, sales, said)
    if not found and unfinished is not None:
        found = [_rows(sales.model, sales.link, unfinished, user)]
    remarks = [f'session["{cart["session_value"][0]}"] holding the cart\'s key: a guess from the code'
               for cart in found if "session_value" in cart]  # fmt: skip
    remarks += [f'"{cart["qty"]}" as its quantity: a guess, the only number that fits'
                for cart in found if "qty" in cart and not tables.quantity_of(by_label[cart["model"]])]  # fmt: skip
    guests = any("session_key" in cart or "session_value" in cart for cart in found)
    stored, blind = sessions.carts(product, variants)
    if stored:
        found.append(_session(stored[0]))
        remarks.append(f'session["{stored[0].name}"]: seen in {stored[0].seen} of the sessions that are stored')
        return found, remarks
    mentioned = [] if guests else said
    if not found and not mentioned:
        mentioned = sources.anywhere()
    for mention in mentioned:
        if mention.kind in ("session", "cookie"):
            found.append({mention.kind: mention.name} | _inside(mention, variants))
            why = "no stored session holds one" if mention.kind == "session" else "cookies are seen by browsers only"
            remarks.append(f'the {mention.kind}\'s "{mention.name}": a guess from {mention.where}; {why}')
            return found, remarks
    return found, remarks if found or not blind else [*remarks, blind]


def _in_rows(models: list[Model], sales: Sales, said: list[sources.Mention]) -> list[dict[str, Any]]:
    """Return the likeliest table of cart lines, as a list of one or none."""
    found = [cart for model in models if (cart := _table(model, sales, said)) is not None]
    return sorted(found, key=lambda cart: ("qty" not in cart, "_" in cart["model"]))[:1]


def _session(shape: sessions.Shape) -> dict[str, Any]:
    cart: dict[str, Any] = {"session": shape.name}
    if shape.variants:
        cart["keys"] = "variant"
    for name in ("item", "qty"):
        if getattr(shape, name):
            cart[name] = getattr(shape, name)
    return cart


def _inside(mention: sources.Mention, variants: Model | None) -> dict[str, Any]:
    found = {name: value for name, value in (("item", mention.item), ("qty", mention.qty)) if value}
    return {"keys": "variant"} | found if variants is not None and mention.item.startswith("variant") else found


def _rows(model: Model, link: products.Link, where: Q, user: str) -> dict[str, Any]:
    """Return the part of the dict that every cart of rows has."""
    qty = tables.quantity_of(model) or tables.only_quantity(model)
    found: dict[str, Any] = {"model": tables.label(model), "item": link.item}
    if link.variant:
        found["variant"] = link.variant
    if qty:
        found["qty"] = qty
    if condition := where & (link.condition or Q()):
        found["where"] = condition
    if user:
        found["user"] = user
    return found


def _table(model: Model, sales: Sales, said: list[sources.Mention]) -> dict[str, Any] | None:
    """Return the mapping of a table of cart lines; None for any other table."""
    owner = next((f for f in tables.forward(model) if says(tables.name_of(_target(f)), words.CART)), None)
    if not says(tables.name_of(model), words.CART) and owner is None:
        return None
    link = next((link for link in products.links(model) if link.product is sales.link.product), None)
    if link is None or says(tables.name_of(model), words.NOT_LINES):
        return None
    where = _in_use(model, "")
    if owner is not None:
        where &= _in_use(_target(owner), f"{owner.name}__")
        if model is sales.model and sales.prefix.startswith(f"{owner.name}__"):
            where &= Q(**{f"{sales.prefix}__isnull": True})  # an order points at this cart
    ways = list(tables.user_paths(model))
    if owner is not None:  # a cart may be a customer's, who has an account
        known = {path for path, _name in ways}
        further = ((f"{owner.name}__{path}", name) for path, name in tables.user_paths(_target(owner)))
        ways += [way for way in further if way[0] not in known]
    users = [path for path, name in ways if not says(name, words.NOT_BUYER)]
    found = _rows(model, link, where, users[0] if users else "")
    for holder, prefix in ((model, ""), *(((_target(owner), f"{owner.name}__"),) if owner is not None else ())):
        key = _session_key(holder)
        if key:
            return found | {"session_key": f"{prefix}{key}"}
    pointer = next((mention.name for mention in said if mention.kind == "pointer"), "")
    if owner is not None and pointer:
        return found | {"session_value": (pointer, f"{owner.name}__pk")}
    return found if "user" in found else None


def _target(field: models.ForeignKey[Any, Any]) -> Model:
    target: Any = field.related_model
    model: Model = target
    return model


def _session_key(model: Model) -> str:
    for field in tables.forward(model):
        if tables.label(_target(field)) == "sessions.Session":
            return str(field.attname)
    return tables.pick(model, words.SESSION_KEY, models.CharField)


def _in_use(model: Model, prefix: str) -> Q:
    """Return what tells a cart in use from one that was ordered or left."""
    condition = Q()
    for field in tables.columns(model, models.BooleanField):
        if stem(field.name) == "active":
            condition &= Q(**{f"{prefix}{field.name}": True})
        elif stem(field.name) in words.CART_FLAGS:
            condition &= Q(**{f"{prefix}{field.name}": False})
    for field in tables.columns(model, models.CharField):
        values = [value for value, _said in field.flatchoices if says(str(value), words.OPEN_STATES)]
        values = values or [value for value, said in field.flatchoices if says(str(said), words.OPEN_STATES)]
        if field.name in words.STATUS and values:
            condition &= states.among(f"{prefix}{field.name}", values)
    return condition
