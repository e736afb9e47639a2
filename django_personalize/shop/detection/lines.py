"""Where what was sold stands: the table whose rows lead to a product on one side and to an order on the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model

from django_personalize.shop.detection import products, tables, words
from django_personalize.shop.detection.products import Link
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says, tokens

LEAST_ORDER = 3.0
"""An order is named like one, or has at least a date, a buyer and a state or a sum."""
CLOSE = 0.85
"""A second candidate with this share of the best one's score makes the choice a human's."""
AS_LIKELY = 0.75
"""The same of what one line leads to: more than a good name must speak for one of them."""


@dataclass(frozen=True, slots=True)
class Sales:
    """One candidate for the table of sold lines, and the ways from it to the product and to the order."""

    model: Model
    link: Link
    prefix: str
    """The lookup that leads to the order; '' where the line is itself the order."""
    key: str
    """The path of the order's key."""
    order: Model
    score: float
    rows: int = 0

    def on_order(self, name: str) -> str:
        return f"{self.prefix}__{name}" if self.prefix else name


def candidates(models: Iterable[Model]) -> list[Sales]:
    """Return every table that may hold what was sold, the most likely first."""
    found = [sales for model in models if not foreign(model) for sales in _best(model)]
    known = {sales.model for sales in found}
    counted = []
    for sales in found:
        score, rows = sales.score, tables.some_rows(sales.model)
        if any(field.related_model in known - {sales.model} for field in tables.forward(sales.model)):
            score -= 3.0  # a detail of a line: its history, its return, its parcel
        counted.append(replace(sales, score=score + (1.0 if rows else 0.0), rows=rows))
    return sorted(counted, key=lambda sales: (-sales.score, sales.model._meta.label))


def close(found: list[Sales]) -> list[Sales]:
    """Return those among which names and structure do not decide, the best first; one where they do."""
    return [sales for sales in found if sales.score >= found[0].score * CLOSE]


def foreign(model: Model) -> bool:
    """Whether the table is Django's, ours or a banner's, or keeps the past states of another."""
    app = model._meta.app_config
    name = app.name if app is not None else ""
    history = {"history_id", "history_type"} <= {field.name for field in model._meta.concrete_fields}
    managed_elsewhere = name.startswith(("django.contrib.", "cookie_consent", "django_personalize"))
    return bool(managed_elsewhere or history or model._meta.swapped or model._meta.proxy)


def _best(model: Model) -> Iterator[Sales]:
    links = products.links(model)
    if not links:
        return
    for link in (each for each in links if each.score >= links[0].score * AS_LIKELY):
        orders = sorted(_orders(model, link), key=lambda found: -found[0])
        if orders:
            score, prefix, key, order = orders[0]
            score += link.score + _as_line(model)
            yield Sales(model=model, link=link, prefix=prefix, key=key, order=order, score=score)


def _as_line(model: Model) -> float:
    """How much the table's own name and columns look like a sold line's."""
    name = tables.name_of(model)
    score = 1.0 * says(name, words.LINE) + 1.5 * says(name, words.ORDER)
    score -= 4.0 * says(name, words.NOT_LINES) + 2.0 * says(name, words.CART)
    score += 1.0 * bool(tables.quantity_of(model))
    return score + 1.0 * bool(tables.pick(model, words.LINE_PRICE + words.LINE_TOTAL, *tables.NUMBER))


def _orders(model: Model, link: Link) -> Iterator[tuple[float, str, str, Model]]:
    """Yield (score, lookup, path of the key, order model) for whatever the line may be a part of."""
    taken = {link.target, link.product, get_user_model()}
    for prefix, key, target, steps in _around(model):
        if target in taken or target is model or prefix.startswith(f"{link.lookup}__"):
            continue  # what belongs to an order, as a parcel does, is nothing that is sold
        named_after = set(tokens(tables.name_of(target))) < set(tokens(tables.name_of(model)))
        score = order_score(target) + 1.0 * named_after - (steps - 1)
        if score >= LEAST_ORDER:
            yield score, prefix, key, target
    own = order_score(model) - 1.0
    if own >= LEAST_ORDER and not says(tables.name_of(model), words.LINE):
        yield own - 2.0, "", "pk", model


def _around(model: Model) -> Iterator[tuple[str, str, Model, int]]:
    """Yield (lookup, path of the key, model, steps) of all that is one or two steps away."""
    for field in tables.forward(model):
        target: Any = field.related_model
        if target is get_user_model():
            continue
        yield field.name, tables.key_path(field), target, 1
        for second in tables.forward(target):
            further: Any = second.related_model
            yield f"{field.name}__{second.name}", f"{field.name}__{tables.key_path(second)}", further, 2
        for relation in tables.incoming(target):
            # An order that points at the cart whose lines these are.
            if relation.related_model is not model:
                yield f"{field.name}__{relation.name}", f"{field.name}__{relation.name}__pk", relation.related_model, 2
    for both in tables.many(model):
        yield both.name, f"{both.name}__pk", both.related_model, 1


def order_score(model: Model) -> float:
    """How much a table looks like one of orders: its name, a date, a buyer, a state, a sum, an address."""
    name = tables.name_of(model)
    if model is get_user_model() or foreign(model):
        return 0.0
    score = 3.0 if says(name, {"order"}) else 2.5 if says(name, words.ORDER) else 0.0
    score -= 3.0 * says(name, words.NOT_LINES) + 2.0 * says(name, words.CART | {"payment", "product"})
    score -= 2.0 * (says(name, words.LINE) and says(name, words.ORDER))
    buyer = any(True for _ in tables.user_paths(model)) or bool(tables.pick(model, ("email",)))
    score += 1.0 * bool(tables.columns(model, *tables.DATE)) + 1.0 * buyer
    flags = any(words.stem(field.name) in words.SOLD_FLAGS for field in tables.columns(model, *tables.BOOLEAN))
    state = tables.pick(model, words.STATUS) or any(field.name in words.STATUS for field in tables.forward(model))
    score += 1.0 * bool(flags or state)
    text = [field.name for field in model._meta.concrete_fields]
    score += 0.5 * any(says(each, {"total", "sum", "subtotal"}) for each in text)
    score += 0.5 * any(says(each, {"address", "city", "phone", "shipping", "delivery"}) for each in text)
    supplied = any(says(field.name, {"supplier", "vendor", "warehouse"}) for field in tables.forward(model))
    return score - 3.0 * (supplied and not buyer)
