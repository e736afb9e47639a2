"""The whole proposal: every piece of the mapping that the shop's own models suggest, for a human to confirm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from django_personalize.shop.detection import carts, catalogue, lines, products, states, tables, words
from django_personalize.shop.detection.catalogue import Guess, Guesses
from django_personalize.shop.detection.lines import Sales
from django_personalize.shop.detection.products import Link
from django_personalize.shop.detection.states import Answer, State
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says, tokens
from django_personalize.shop.paths import fields_along

ONLY_ONE = "a guess: the only number that fits"
NO_PRICE = "price not found: wanted what a piece cost"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping, piece by piece, with what a human has to decide."""

    sales: Sales
    others: list[Sales]
    """Tables that may hold the sold lines just as well."""
    product: Guesses
    lines: Guesses
    cart: list[dict[str, Any]]
    about_cart: list[str]
    """What was guessed of it, and from what."""
    scope: str
    """'' where the shop has one site only."""
    states: list[State]
    sold: list[Answer]
    """What may be meant by sold, the guess first."""
    cancelled: list[Answer]
    remarks: list[str]


def models_of_shop() -> list[Model]:
    """Return every model that may be the shop's, the tables between many-to-many relations included."""
    return [*apps.get_models(include_auto_created=True)]


def candidates(among: Iterable[Model] | None = None) -> list[Sales]:
    """Return the tables that may hold what was sold, the most likely first; none where nothing looks like it."""
    return lines.candidates(models_of_shop() if among is None else among)


def product_alone(among: Iterable[Model] | None = None) -> Guesses | None:
    """Return `PRODUCT` of a shop in which nothing looks like order lines; None where nothing looks like a product."""
    everything = models_of_shop() if among is None else among
    links = [
        Link(target=model, product=model, item="", score=score)
        for model in everything
        if not lines.foreign(model) and (score := products.product_score(model)) >= products.LEAST
    ]
    likely = sorted(links, key=lambda link: (-link.score, tables.label(link.product)))
    return next((found for found in map(catalogue.describe, likely) if "price" in found), None)


def propose(
    sales: Sales,
    among: Iterable[Model] | None = None,
    *,
    others: Iterable[Sales] = (),
    answers: tuple[Answer, Answer | None] | None = None,
) -> Proposal:
    """Return the proposal for these lines. `answers`: what a human says of (sold, cancelled), guessed where absent."""
    found = states.states(sales)
    several = tables.crosses_many(sales.model, sales.prefix)
    sold = states.sold(found, nullable=_empty_until_ordered(sales), several=several)
    cancelled = states.cancelled(found)
    chosen, back = answers or (sold[0], next(iter(cancelled), None))
    product = catalogue.describe(sales.link)
    everything = models_of_shop() if among is None else among
    cart, remarks = carts.carts(everything, sales, chosen.cart, _user(sales))
    return Proposal(
        sales=sales,
        others=list(others),
        product=product,
        lines=dict(_lines(sales, product, chosen, back, asked=answers is not None)),
        cart=cart,
        about_cart=remarks,
        scope="site" if "scope" in product else "",
        states=found,
        sold=sold,
        cancelled=cancelled,
        remarks=catalogue.notes(sales.link),
    )


def _empty_until_ordered(sales: Sales) -> str:
    """Return the lookup to the order where some lines have none yet: such lines are a cart."""
    relations = list(fields_along(sales.model, sales.prefix)) if sales.prefix else []
    if len(relations) > 1 and not all(each.concrete for each in relations):
        return sales.prefix  # an order that points at the cart
    if not all(each.concrete for each in relations) or not any(getattr(each, "null", False) for each in relations):
        return ""
    waiting = Q(**{f"{sales.prefix}__isnull": True})
    own = any(True for _ in tables.user_paths(sales.model)) or says(tables.name_of(sales.model), words.CART)
    return sales.prefix if own and tables.some_rows(sales.model, waiting) else ""


def _lines(
    sales: Sales, product: Guesses, sold: Answer, cancelled: Answer | None, *, asked: bool
) -> Iterator[tuple[str, Guess]]:
    """Yield the pieces of `ORDER_LINES`, in the order in which they are written."""
    model, order = sales.model, sales.order
    yield "model", Guess(tables.label(model))
    yield "item", Guess(sales.link.item)
    if sales.link.variant:
        yield "variant", Guess(sales.link.variant)
    yield "order", Guess(sales.key, "" if sales.prefix else "each row is taken as an order of its own")
    placed = sales.link.condition & sold.condition if sales.link.condition is not None else sold.condition
    yield "date", _date(sales, placed)
    if qty := tables.quantity_of(model):
        yield "qty", Guess(qty)
    elif qty := tables.only_quantity(model):
        yield "qty", Guess(qty, ONLY_ONE)
    yield from _prices(sales, product, qty)
    code = next(iter(catalogue.currency(model, "")), None)
    if sales.prefix and (code is None or code[1].note):
        code = next(iter(catalogue.currency(order, f"{sales.prefix}__")), code)
    if code is not None:
        yield code
    elif "currency" in product and product["currency"].note:
        yield "currency", product["currency"]
    user = _user(sales)
    if user:
        yield "user", Guess(user)
    site = next((f for f in tables.forward(order) if _label(f) == "sites.Site"), None)
    if site is not None and "scope" in product:
        yield "scope", Guess(sales.on_order(tables.key_path(site)))
    yield "placed", Guess(placed, sold.words if asked else f"a guess: {sold.words}")
    if cancelled is not None:
        yield "cancelled", Guess(cancelled.condition, cancelled.words if asked else f"a guess: {cancelled.words}")
    returned = tables.pick(model, words.RETURNED, *tables.NUMBER)
    if returned:
        yield "cancelled_qty", Guess(returned)
    if cancelled is not None or returned:
        when = _cancelled_at(sales)
        if when is not None:
            yield "cancelled_at", Guess(when)
    watched = [watch for watch in (sold.watch, cancelled.watch if cancelled else None) if watch]
    if watched:
        yield "also_watch", Guess(list(dict.fromkeys(watched)))


def _label(relation: Any) -> str:
    return tables.label(relation.related_model)


def _date(sales: Sales, placed: Q) -> Guess:
    """Return when an order was placed, as its name says; what is empty in some of the orders that count as sold is
    filled up by the next likely date that is not.
    """
    for model, prefix in ((sales.order, sales.prefix), (sales.model, "")):
        fields = {each.name: each for each in tables.columns(model, *tables.DATE)}
        usable = [name for name in fields if words.NOT_PLACED_AT.isdisjoint(tokens(name))]
        named = [name for name in words.PLACED_AT if name in usable]
        automatic = [name for name in usable if getattr(fields[name], "auto_now_add", False)]
        found = list(dict.fromkeys((*named, *automatic, *usable)))
        if found:
            paths = [f"{prefix}__{name}" if prefix else name for name in found]
            return _filled(sales, placed, dict(zip(paths, (fields[name] for name in found), strict=True)), bool(named))
    return Guess(None, "no date was found")


def _filled(sales: Sales, placed: Q, dates: dict[str, models.Field[Any, Any]], sure: bool) -> Guess:
    """Choose among dates, the likeliest first."""
    empty = _empty_dates(sales, placed, dates)
    some = [path for path in dates if empty[path] != "all"] or list(dates)
    best, others = some[0], [path for path in some[1:] if words.PLACED_AT.count(path.rpartition("__")[2])]
    if empty[best] != "none":
        # Two kinds of date make no Coalesce.
        kind = dates[best].get_internal_type()
        rest = [path for path in some if empty[path] == "none"]
        same = next((path for path in rest if dates[path].get_internal_type() == kind), "")
        if same:
            where = f"{_name(best)} where it is filled, else {_name(same)}"
            return Guess(Coalesce(best, same), where if sure else f"a guess: {where}")
        if not rest:
            return Guess(best, f"{_name(best)} is empty in some orders that count as sold: these are left out")
        others, best = [best, *(path for path in others if path != rest[0])], rest[0]
    if not sure:
        return Guess(best, "a guess: the only date that fits" if len(some) == 1 else "a guess: the likeliest date")
    fits = f"{' and '.join(map(_name, others))} would fit too: wanted is when it was ordered" if others else ""
    return Guess(best, fits)


def _name(path: str) -> str:
    return path.rpartition("__")[2]


def _empty_dates(sales: Sales, placed: Q, dates: dict[str, models.Field[Any, Any]]) -> dict[str, str]:
    """Return for each date in how many of what counts as sold it is empty: "none", "some" or "all"."""
    found = {path: "some" if field.null else "none" for path, field in dates.items()}
    maybe = [path for path, empty in found.items() if empty == "some"]
    if not maybe:
        return found
    where = placed & Q(**{f"{sales.prefix}__isnull": False}) if sales.prefix else placed
    rows = tables.latest(sales.model, *maybe, where=where)
    for place, path in enumerate(maybe if rows else ()):
        count = sum(row[place] is None for row in rows)
        found[path] = "none" if not count else "all" if count == len(rows) else "some"
    return found


def _prices(sales: Sales, product: Guesses, qty: str) -> Iterator[tuple[str, Guess]]:
    model = sales.model
    own = tables.pick(model, (name for name in words.LINE_PRICE if name != qty), *tables.NUMBER)
    was = tables.pick(model, (name for name in words.LIST_PRICE if name != own), *tables.NUMBER)
    if own:
        yield "price", Guess(own)
    elif total := tables.pick(model, words.LINE_TOTAL, *tables.NUMBER):
        yield "price", Guess(None, f"{total} is what the line costs; wanted what a piece costs")
    elif amount := tables.only(model, models.DecimalField):
        yield "price", Guess(amount, ONLY_ONE)
    elif "price" in product and sales.link.lookup:
        today, whose = _today(sales.link, product["price"].value), "product"
        if sales.link.target is sales.link.variants:
            whose = "variant"
        yield "price", Guess(today, f"the line keeps none: what the {whose} costs today" if today else NO_PRICE)
    else:
        yield "price", Guess(None, NO_PRICE)
    if was:
        yield "list_price", Guess(was)


def _today(link: Link, price: Any) -> Any:
    """Return what a line's product, or its variant, costs now; None where no column says so."""
    if link.target is link.product:
        return _through(price, f"{link.lookup}__")
    own = tables.pick(link.target, words.PRICE, *tables.NUMBER, loose=True)
    return f"{link.lookup}__{own}" if own else None


def _through(price: Any, prefix: str) -> Any:
    """Return the product's price as seen from the line; None where it is no column."""
    if isinstance(price, Coalesce):
        return Coalesce(*(f"{prefix}{vars(each)['name']}" for each in price.get_source_expressions()))
    return f"{prefix}{price}" if isinstance(price, str) and not price.startswith("get_") else None


def _user(sales: Sales) -> str:
    """Return the path to the buyer's account: the order's, else the line's; never who sells, packs or edits.

    The line's own goes first where several orders may stand behind one line.
    """
    found: list[tuple[int, int, str]] = []
    several = tables.crosses_many(sales.model, sales.prefix)
    for model, prefix in ((sales.order, sales.prefix), (sales.model, "")):
        if found and not several:
            break
        for way, name in tables.user_paths(model):
            if says(name, words.NOT_BUYER):
                continue
            path = f"{prefix}__{way}" if prefix else way
            rank = words.BUYER.index(name) if name in words.BUYER else len(words.BUYER)
            found.append((path.count("__"), rank, path))
    return min(found)[2] if found else ""


def _cancelled_at(sales: Sales) -> Any:
    own = tables.pick(sales.model, words.CANCELLED_AT, *tables.DATE)
    whole = tables.pick(sales.order, words.CANCELLED_AT, *tables.DATE) if sales.prefix else ""
    whole = sales.on_order(whole) if whole else ""
    return Coalesce(own, whole) if own and whole else own or whole or None
