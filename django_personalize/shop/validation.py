"""The mappings against the real models: what is wrong, where, and the line that mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch, reverse

from django_personalize.shop.items import is_code
from django_personalize.shop.validation_values import (
    check_column,
    check_condition,
    check_item,
    check_loads,
    check_path,
    check_target,
    check_user,
    check_value,
    named_model,
    unknown_keys,
)
from django_personalize.shop.vocabulary import CART_KEYS, CART_KINDS, CONDITIONS, LINE_KEYS, PRODUCT_KEYS

COLUMNS = frozenset(["created", "group", "scope"])
"""What the database compares and sorts by: fields only. Other values of `PRODUCT` may be properties or methods."""
OWNERS = ("user", "session_key", "session_value")


def check_product(mapping: Mapping[str, Any]) -> Iterator[CheckMessage]:
    where = 'PERSONALIZE["PRODUCT"]'
    yield from unknown_keys(where, mapping, PRODUCT_KEYS)
    model, wrong = named_model(where, mapping.get("model"))
    yield from wrong
    variant, wrong = named_model(where, mapping["variant"], "variant") if mapping.get("variant") else (None, [])
    yield from wrong
    if variant is not None and mapping.get("group") is None:
        hint = f'Add "group": the path from {variant._meta.label} to its item.'
        yield Error(f'{where} has "variant" but no "group".', hint=hint, id="personalize.E003")
    if model is None:
        return
    for name, value in mapping.items():
        if value is None or name not in PRODUCT_KEYS or name in ("model", "variant"):
            continue
        here = f'{where}["{name}"]'
        if name in CONDITIONS:
            yield from check_condition(here, name, value, model)
        elif name == "attributes":
            if not isinstance(value, Mapping):
                hint = '"attributes": {"material": "material__name"}'
                yield Error(f"{here} is {value!r}; wanted a dict.", hint=hint, id="personalize.E007")
                continue
            for each, path in value.items():
                yield from check_value(f'{here}["{each}"]', path, model)
        elif name == "group":
            if mapping.get("variant") and variant is None:
                continue
            yield from check_column(here, value, variant or model)
            yield from check_target(here, value, variant or model, model, None)
        elif name == "url" and not isinstance(value, str):
            if not isinstance(value, list | tuple) or [type(each) for each in value[:-1]] != [str, str]:
                hint = '"url": ("shop:product", "slug", "slug")'
                yield Error(
                    f"{here} is {value!r}; wanted (view name, argument, field).", hint=hint, id="personalize.E007"
                )
                continue
            yield from check_view(here, value)
            yield from check_value(here, value[2], model)
        elif name in COLUMNS:
            yield from check_column(here, value, model)
        elif not (name == "currency" and is_code(value)):
            yield from check_value(here, value, model)


def check_view(where: str, value: Sequence[Any]) -> Iterator[CheckMessage]:
    """The name of the view must be one of a pattern that takes this argument."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return
    try:
        reverse(value[0], kwargs={value[1]: 0})
    except NoReverseMatch as error:
        # A pattern that takes the argument may yet want a word, or a key of another form.
        if "pattern(s) tried" not in str(error):
            hint = 'The name that the pattern of the product page has, as in {% url "shop:product" … %}.'
            yield Error(f"{where}: {error}", hint=hint, id="personalize.E006")


def check_lines(mapping: Mapping[str, Any], product: Mapping[str, Any]) -> Iterator[CheckMessage]:
    where = 'PERSONALIZE["ORDER_LINES"]'
    yield from unknown_keys(where, mapping, LINE_KEYS)
    model, wrong = named_model(where, mapping.get("model"))
    yield from wrong
    if model is None:
        return
    for name in ("item", "order", "date"):
        if mapping.get(name) is None:
            hint = f'Add "{name}": a path from {model._meta.label}.'
            yield Error(f'{where} lacks "{name}".', hint=hint, id="personalize.E003")
    for name, value in mapping.items():
        if value is None or name not in LINE_KEYS or name == "model":
            continue
        here = f'{where}["{name}"]'
        if name in CONDITIONS:
            yield from check_condition(here, name, value, model)
        elif name == "also_watch":
            yield from check_watched(here, value)
        elif not (name == "currency" and is_code(value)):
            yield from check_column(here, value, model, several=name == "item")
            if name == "item":
                yield from check_item(here, value, model, product)
            elif name == "user":
                yield from check_user(here, value, model)


def check_carts(given: Any, product: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if given is None:
        return
    several = isinstance(given, list | tuple)
    if not several and not isinstance(given, Mapping):
        yield bad_cart('PERSONALIZE["CART"]', given, "a dict, or a list of dicts")
        return
    specs: list[Any] = list(given) if several else [given]
    for place, spec in enumerate(specs):
        where = f'PERSONALIZE["CART"][{place}]' if several else 'PERSONALIZE["CART"]'
        if not isinstance(spec, Mapping):
            yield bad_cart(where, spec, "a dict")
            continue
        kinds = [kind for kind in CART_KINDS if kind in spec]
        if len(kinds) != 1:
            known = frozenset[str]().union(*CART_KEYS.values())
            yield from unknown_keys(where, spec, known)
            yield bad_cart(where, spec, f"exactly one of {', '.join(CART_KINDS)}")
            continue
        yield from unknown_keys(where, spec, CART_KEYS[kinds[0]])
        yield from check_cart(where, kinds[0], spec, product)


def check_cart(where: str, kind: str, spec: Mapping[str, Any], product: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if kind == "model":
        yield from check_rows(where, spec, product)
        return
    if kind == "callable":
        yield from check_loads(f'{where}["callable"]', spec[kind])
        watch = [] if spec.get("watch") is None else spec["watch"]
        if not isinstance(watch, list | tuple):
            hint = f'"watch": ["{watch}"]' if isinstance(watch, str) else '"watch": ["shop.CartItem"]'
            yield bad_cart(f'{where}["watch"]', watch, "a list of models", hint)
            watch = []
        for label in watch:
            yield from named_model(where, label, "watch")[1]
    elif not isinstance(spec[kind], str) or not spec[kind]:
        yield bad_cart(f'{where}["{kind}"]', spec[kind], "a name")
    for name in ("item", "variant", "qty"):
        if spec.get(name) is not None and not isinstance(spec[name], str):
            yield bad_cart(f'{where}["{name}"]', spec[name], "a name in each entry", f'"{name}": "{name}"')
    if spec.get("keys") not in (None, "item", "variant"):
        yield bad_cart(f'{where}["keys"]', spec["keys"], '"item" or "variant"')
    elif spec.get("keys") == "variant" and not product.get("variant"):
        hint = 'Name the model of the variants: PERSONALIZE["PRODUCT"]["variant"].'
        yield bad_cart(f'{where}["keys"]', "variant", '"item", since variants have no model of their own', hint)


def check_rows(where: str, spec: Mapping[str, Any], product: Mapping[str, Any]) -> Iterator[CheckMessage]:
    model, wrong = named_model(where, spec["model"])
    yield from wrong
    if spec.get("item") is None:
        yield bad_cart(where, dict(spec), '"item", the path to the product', '"item": "product_id"')
    if not any(spec.get(name) for name in OWNERS):
        yield bad_cart(where, dict(spec), "whose rows they are: " + ", ".join(OWNERS), '"user": "cart__user_id"')
    if model is None:
        return
    for name in ("item", "variant", "qty", "user", "session_key"):
        if spec.get(name) is not None:
            yield from check_column(f'{where}["{name}"]', spec[name], model, several=name == "item")
    if spec.get("item") is not None:
        yield from check_item(f'{where}["item"]', spec["item"], model, product)
    if spec.get("user") is not None:
        yield from check_user(f'{where}["user"]', spec["user"], model)
    if spec.get("where") is not None:
        yield from check_condition(f'{where}["where"]', "where", spec["where"], model)
    pair = spec.get("session_value")
    if pair is not None:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            hint = '"session_value": ("cart_id", "cart_id")'
            yield bad_cart(f'{where}["session_value"]', pair, "(name in the session, path)", hint)
        else:
            yield from check_column(f'{where}["session_value"]', pair[1], model)


def check_watched(where: str, given: Any) -> Iterator[CheckMessage]:
    for each in given if isinstance(given, list | tuple) else [given]:
        if not isinstance(each, list | tuple) or len(each) != 2 or not all(isinstance(part, str) for part in each):
            hint = '"also_watch": [("payment.Payment", "order_id")]'
            yield Error(f"{where} has {each!r}; wanted (model, path to its order).", hint=hint, id="personalize.E007")
            continue
        model, wrong = named_model('PERSONALIZE["ORDER_LINES"]', each[0], "also_watch")
        yield from wrong
        if model is not None:
            yield from check_path(where, each[1], model)


def bad_cart(where: str, found: Any, wanted: str, hint: str = '"CART": {"session": "cart"}') -> CheckMessage:
    return Error(f"{where} is {found!r}; wanted {wanted}.", hint=hint, id="personalize.E009")
