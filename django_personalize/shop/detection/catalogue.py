"""What is known of a product: which column is the price, the picture, the category, and what makes it visible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from django_personalize.shop.detection import products, tables, urls, words
from django_personalize.shop.detection.products import Link
from django_personalize.shop.detection.tables import Model
from django_personalize.shop.detection.words import says


@dataclass(frozen=True, slots=True)
class Guess:
    """A value of a mapping, and what a human should know before trusting it; nothing where there is no doubt."""

    value: Any
    note: str = ""


Guesses = dict[str, Guess]


def describe(link: Link) -> Guesses:
    """Return the pieces of `PRODUCT`, in the order in which they are written."""
    model, variants = link.product, link.variants
    found: Guesses = {"model": Guess(tables.label(model))}
    if variants is not None:
        found["variant"] = Guess(tables.label(variants), "what the lines lead to; its product is what is shown")
        found["group"] = Guess(link.group)
    elif group := products.self_group(model):
        found["group"] = Guess(group, "rows that have one are variants and never shown by themselves")
    title = tables.title_of(model)
    if title:
        found["title"] = Guess(title)
    url, remark = urls.product_url(model)
    if url is not None:
        found["url"] = Guess(url, remark)
    found |= dict(_money(model, variants, link.group))
    found |= dict(_named(model))
    found |= dict(_conditions(model, variants, link.group))
    return found


def notes(link: Link) -> list[str]:
    """Return what could not be found and makes a difference."""
    url, remark = urls.product_url(link.product)
    return [f"Product pages: {remark}."] if remark and url is None else []


def below(model: Model, variants: Model | None, group: str) -> list[tuple[str, Model]]:
    """Return (lookup, model) of the tables below a product in which what the product lacks may stand."""
    relations = tables.incoming(model)
    mine = [each for each in relations if each.related_model is variants and each.field.name == group]
    others = [
        each for each in relations if each not in mine and says(tables.name_of(each.related_model), {"price", "stock"})
    ]
    return [(each.name, each.related_model) for each in (*mine, *others)]


def _money(model: Model, variants: Model | None, group: str) -> Iterator[tuple[str, Guess]]:
    price = tables.pick(model, words.PRICE[:-2], *tables.NUMBER) or tables.pick(
        model, words.PRICE[:-2], *tables.NUMBER, loose=True
    )
    children = below(model, variants, group)
    if price:
        reduced = tables.pick(model, words.PRICE_NOW, *tables.NUMBER)
        if reduced and reduced != price:
            note = f"{reduced} where it is filled, else {price}"
            yield "price", Guess(Coalesce(reduced, price), note)
            yield "list_price", Guess(price)
        else:
            yield "price", Guess(price, _cents(model, price))
            was = tables.pick(model, (name for name in words.LIST_PRICE if name != price), *tables.NUMBER)
            if was:
                yield "list_price", Guess(was)
    elif amount := tables.only(model, models.DecimalField):
        yield "price", Guess(amount, "a guess: the only number that fits")
    elif method := tables.method(model, words.PRICE_METHODS):
        yield "price", Guess(method)
    else:
        yield from _below_price(children)
    cost = tables.pick(model, (name for name in words.COST if name != price), *tables.NUMBER)
    if cost:
        yield "cost", Guess(cost)
    yield from currency(model, "")


def _below_price(children: list[tuple[str, Model]]) -> Iterator[tuple[str, Guess]]:
    for lookup, child in children:
        price = tables.pick(child, words.PRICE, *tables.NUMBER, loose=True)
        if price:
            yield "price", Guess(f"{lookup}__{price}", "the lowest of its variants")
            was = tables.pick(child, words.LIST_PRICE, *tables.NUMBER)
            if was:
                yield "list_price", Guess(f"{lookup}__{was}")
            return


def _cents(model: Model, price: str) -> str:
    whole = isinstance(model._meta.get_field(price), models.IntegerField)
    return "a whole number: are these cents? Then name a method that divides" if whole else ""


def currency(model: Model, prefix: str) -> Iterator[tuple[str, Guess]]:
    """Yield the currency: a column, else a setting that names one."""
    short = [field.name for field in tables.columns(model, models.CharField) if (field.max_length or 99) <= 8]
    own = [name for name in short if name == "currency" or name.endswith("_currency")]
    if own:
        yield "currency", Guess(f"{prefix}{own[0]}")
        return
    for name in sorted(dir(settings)):
        value = getattr(settings, name) if name.endswith("CURRENCY") else None
        if isinstance(value, str) and len(value) == 3 and value.isalpha():
            yield "currency", Guess(value.upper(), f"settings.{name}")
            return


def _named(model: Model) -> Iterator[tuple[str, Guess]]:
    image = _image(model)
    if image:
        yield "image", Guess(image)
    taken = ""
    for name, wanted in (("category", words.CATEGORY), ("brand", words.BRAND)):
        path, own, target = _name_of(model, wanted, taken)
        if not path:
            continue
        taken = own
        yield name, Guess(path)
        url = tables.method(target, ("get_absolute_url", "get_url")) if target is not None else ""
        if name == "category" and url:
            yield "category_url", Guess(f"{taken}__{url}")
    created = tables.pick(model, words.CREATED, *tables.DATE) or tables.pick(
        model, words.CREATED, *tables.DATE, loose=True
    )
    if created:
        yield "created", Guess(created)
    attributes = {name: found[0] for name in words.ATTRIBUTES if (found := _name_of(model, (name,), taken))[0]}
    if attributes:
        yield "attributes", Guess(attributes)
    site = next((f for f in tables.forward(model) if tables.label(_target(f)) == "sites.Site"), None)
    if site is not None:
        yield "scope", Guess(tables.key_path(site))


def _target(field: Any) -> Model:
    target: Model = field.related_model
    return target


def _name_of(model: Model, wanted: tuple[str, ...], taken: str) -> tuple[str, str, Model | None]:
    """Return the path of a name, the model's own or that of a row it leads to, the field that it begins at, and that
    row's model. Of a field with choices the name is what they call the value, not its code.
    """
    relations = {field.name: field for field in (*tables.many(model), *tables.forward(model))}
    for name in wanted:
        if name in relations and name != taken:
            target = _target(relations[name])
            title = tables.stored_title(target)
            if title and target is not model:
                return f"{name}__{title}", name, target
        own = tables.pick(model, (name,), models.CharField, models.IntegerField)
        if own and own != taken and own != tables.title_of(model):
            choices = bool(getattr(model._meta.get_field(own), "choices", None))
            return f"get_{own}_display" if choices else own, own, None
    return "", "", None


def _image(model: Model) -> str:
    files = tables.columns(model, models.ImageField) or tables.columns(model, models.FileField)
    named = [field.name for field in files if says(field.name, words.IMAGE) or isinstance(field, models.ImageField)]
    if named:
        return named[0]
    address = tables.pick(model, (*words.IMAGE_URL, *words.IMAGE), models.CharField, models.URLField)
    if address:
        return address
    for name in words.IMAGE_URL:
        if hasattr(model, name) and not getattr(getattr(model, name), "alters_data", False):
            return name
    for relation in tables.incoming(model):
        child = relation.related_model
        pictures = tables.columns(child, models.ImageField) or tables.columns(child, models.FileField)
        if pictures and says(tables.name_of(child), words.IMAGE):
            return f"{relation.name}__{pictures[0].name}"
    return ""


def _conditions(model: Model, variants: Model | None, group: str) -> Iterator[tuple[str, Guess]]:
    shown = _shown(model)
    if shown:
        left = not tables.some_rows(model) or tables.some_rows(model, shown)
        if left:
            yield "visible", Guess(shown)
    stock = tables.pick(model, words.STOCK, *tables.NUMBER)
    paths = [(stock, model)] if stock else []
    paths += [(f"{lookup}__{own}", child) for lookup, child in below(model, variants, group)
              if (own := tables.pick(child, words.STOCK, *tables.NUMBER))]  # fmt: skip
    flag = tables.pick(model, words.IN_STOCK, *tables.BOOLEAN)
    gone = tables.pick(model, words.SOLD_OUT, *tables.BOOLEAN)
    if stock:
        yield "stock", Guess(stock)
    condition, note = Q(), ""
    if flag or gone:
        condition = Q(**{flag: True}) if flag else Q(**{gone: False})
    elif paths:
        condition = Q(**{f"{paths[0][0]}__gt": 0})
        field = paths[0][1]._meta.get_field(paths[0][0].rpartition("__")[2])
        if getattr(field, "null", False) and paths[0][1] is model:
            condition |= Q(**{f"{paths[0][0]}__isnull": True})
            note = "an empty stock is taken as not counted"
    if condition and (not tables.some_rows(model) or tables.some_rows(model, condition)):
        yield "in_stock", Guess(condition, note)


def _shown(model: Model) -> Q:
    condition = Q()
    for name in words.SHOWN:
        if flag := tables.pick(model, (name,), *tables.BOOLEAN):
            condition &= Q(**{flag: True})
    for name in words.HIDDEN:
        if flag := tables.pick(model, (name,), *tables.BOOLEAN):
            condition &= Q(**{flag: False})
        elif moment := tables.pick(model, (name,), *tables.DATE):
            condition &= Q(**{f"{moment}__isnull": True})
    for field in tables.columns(model, models.CharField):
        values = [value for value, said in field.flatchoices if says(f"{value}", words.SHOWN_STATES)]
        if field.name in words.STATUS and values:
            condition &= Q(**({field.name: values[0]} if len(values) == 1 else {f"{field.name}__in": values}))
    return condition
