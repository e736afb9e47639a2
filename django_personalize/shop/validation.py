"""The mappings against the real models: what is wrong, where, and the line that mends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from django_personalize.core.loading import load
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.items import is_code
from django_personalize.shop.paths import fields_along, is_condition, paths_in
from django_personalize.shop.reading import field_named
from django_personalize.shop.vocabulary import CART_KEYS, CART_KINDS, CONDITIONS, LINE_KEYS, PRODUCT_KEYS

Model = type[models.Model]
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
            yield from check_path(here, value, variant or model)
            yield from check_target(here, value, variant or model, model, None)
        elif name == "url" and not isinstance(value, str):
            if not isinstance(value, list | tuple) or len(value) != 3:
                hint = '"url": ("shop:product", "slug", "slug")'
                yield Error(
                    f"{here} is {value!r}; wanted (view name, argument, field).", hint=hint, id="personalize.E007"
                )
                continue
            yield from check_value(here, value[2], model)
        elif name in COLUMNS:
            yield from check_path(here, value, model)
        elif not (name == "currency" and is_code(value)):
            yield from check_value(here, value, model)


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
            yield from check_path(here, value, model)
            if name == "item":
                yield from check_item(here, value, model, product)


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
    if not isinstance(spec[kind], str) or not spec[kind]:
        yield bad_cart(f'{where}["{kind}"]', spec[kind], "a name")
    elif kind == "callable":
        yield from check_loads(f'{where}["callable"]', spec[kind])
        watch = spec.get("watch") or ()
        if isinstance(watch, str):
            yield bad_cart(f'{where}["watch"]', watch, "a list of models", f'"watch": ["{watch}"]')
            watch = ()
        for label in watch:
            yield from named_model(where, label, "watch")[1]
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
            yield from check_path(f'{where}["{name}"]', spec[name], model)
    if spec.get("item") is not None:
        yield from check_item(f'{where}["item"]', spec["item"], model, product)
    if spec.get("where") is not None:
        yield from check_condition(f'{where}["where"]', "where", spec["where"], model)
    pair = spec.get("session_value")
    if pair is not None:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            hint = '"session_value": ("cart_id", "cart_id")'
            yield bad_cart(f'{where}["session_value"]', pair, "(name in the session, path)", hint)
        else:
            yield from check_path(f'{where}["session_value"]', pair[1], model)


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


def check_condition(where: str, name: str, value: Any, model: Model) -> Iterator[CheckMessage]:
    if not is_condition(value):
        yield Error(
            f"{where} is {value!r}; wanted a condition, and as it stands it would be ignored.",
            hint=f'"{name}": Q({value}=True)' if isinstance(value, str) else f'"{name}": Q(...)',
            id="personalize.E008",
        )
        return
    yield from check_path(where, value, model)


def check_value(where: str, value: Any, model: Model) -> Iterator[CheckMessage]:
    """What is read from a row in hand: a path, an attribute, a method, a dotted function or an expression."""
    if not isinstance(value, str):
        yield from check_path(where, value, model)
    elif "." in value:
        yield from check_loads(where, value)
    else:
        yield from told(where, value, walk(model, value, attributes=True))


def check_path(where: str, value: Any, model: Model) -> Iterator[CheckMessage]:
    """What the database reads: fields, and relations between them."""
    for path in paths_in(value):
        yield from told(where, path, walk(model, path, attributes=False))


def check_item(where: str, value: Any, model: Model, product: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """The path that says which product it is must not lead to anything else."""
    item = named_model("", product.get("model"))[0]
    variant = named_model("", product.get("variant"))[0] if product.get("variant") else None
    if item is not None:
        yield from check_target(where, value, model, item, variant)


def check_target(where: str, value: Any, model: Model, item: Model, variant: Model | None) -> Iterator[CheckMessage]:
    if not isinstance(value, str):
        return
    fields = list(fields_along(model, value.removesuffix(f"{LOOKUP_SEP}pk")))
    target: Any = fields[-1].related_model if fields else None
    if target is None or issubclass(target, item) or issubclass(item, target):
        return
    hint = f"It should lead to {item._meta.label}."
    if target is variant:
        hint = f'"item": the path on to {item._meta.label}, "variant": "{value}"'
    elif model is item:  # the group of a model that turns out to be that of the variants
        hint = f'"model": "{target._meta.label}", "variant": "{item._meta.label}"'
    yield Error(f"{where} is {value!r}, which leads to {target._meta.label}.", hint=hint, id="personalize.E010")


def check_loads(where: str, path: str) -> Iterator[CheckMessage]:
    try:
        found = load(path)
    except ConfigurationError as error:
        yield Error(f"{where}: {error}", hint="A dotted path, as in an import.", id="personalize.E006")
        return
    if not callable(found):
        yield Error(f"{where}: {path!r} is no function.", hint="Name a function.", id="personalize.E006")


def named_model(where: str, label: Any, key: str = "model") -> tuple[Model | None, list[CheckMessage]]:
    """Return the model of this label, or what is wrong with it."""
    if not label:
        message = f'{where}["{key}"] is not set; wanted the shop\'s model, such as "shop.Product".'
    else:
        try:
            return apps.get_model(label), []
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            message = f'{where}["{key}"] is {label!r}: {error}'
    labels = [each._meta.label for each in apps.get_models(include_auto_created=True)]
    close = get_close_matches(str(label or ""), labels, n=1, cutoff=0.5)
    hint = f'Did you mean "{close[0]}"?' if close else "Name the shop's model as app.Model."
    return None, [Error(message, hint=hint, id="personalize.E004")]


def unknown_keys(
    where: str, given: Mapping[str, Any], known: Collection[str], code: str = "personalize.E003"
) -> Iterator[CheckMessage]:
    ordered = sorted(known)
    for key in given:
        if key not in known:
            close = get_close_matches(str(key), ordered, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(ordered)}."
            yield Error(f"{where} has an unknown key {key!r}.", hint=hint, id=code)


def told(where: str, path: str, wrong: tuple[str, str] | None) -> Iterable[CheckMessage]:
    if wrong is None:
        return []
    return [Error(f"{where} is {path!r}, but {wrong[0]}.", hint=wrong[1], id="personalize.E005")]


def walk(model: Any, path: str, *, attributes: bool) -> tuple[str, str] | None:
    """Return (what is wrong, hint) for the first step of `path` that does not exist; None where all do."""
    current, before = model, None
    for part in path.split(LOOKUP_SEP):
        if attributes:
            field = field_named(current, part)
        else:
            try:
                field = current._meta.pk if part == "pk" else current._meta.get_field(part)
            except FieldDoesNotExist:
                field = None
        if field is None:
            if hasattr(current, part) if attributes else before is not None and before.get_lookup(part) is not None:
                return None  # an attribute, or a lookup such as __isnull
            names = {each.name for each in current._meta.get_fields()}
            names |= {each.attname for each in current._meta.concrete_fields}
            close = get_close_matches(part, sorted(names), n=1, cutoff=0.4)
            hint = f'Did you mean "{close[0]}"?' if close else f"Its fields: {', '.join(sorted(names))}."
            return f'{current._meta.label} has no field "{part}"', hint
        if field.related_model is None or part == "pk":
            return None  # what follows is a lookup such as __gt, or a step into JSON
        current, before = field.related_model, field
    return None


def bad_cart(where: str, found: Any, wanted: str, hint: str = '"CART": {"session": "cart"}') -> CheckMessage:
    return Error(f"{where} is {found!r}; wanted {wanted}.", hint=hint, id="personalize.E009")
