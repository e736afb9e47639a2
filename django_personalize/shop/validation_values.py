"""One value of a mapping against the real models: a model, a path, a condition, an expression, a dotted path."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, ImproperlyConfigured
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from django_personalize.core.loading import load
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.paths import fields_along, is_condition, paths_in
from django_personalize.shop.reading import field_named

Model = type[models.Model]


def check_condition(where: str, name: str, value: Any, model: Model) -> Iterator[CheckMessage]:
    if not is_condition(value):
        yield Error(
            f"{where} is {value!r}; wanted a condition, and as it stands it would be ignored.",
            hint=f'"{name}": Q({value}=True)' if isinstance(value, str) else f'"{name}": Q(...)',
            id="personalize.E008",
        )
        return
    wrong = list(check_path(where, value, model))
    yield from wrong
    if not wrong:
        try:
            str(model._base_manager.filter(value).query)
        except EmptyResultSet:
            return
        except Exception as error:
            yield Error(
                f"{where} cannot be asked: {error}", hint="A lookup of Django's, as in filter().", id="personalize.E005"
            )


def check_value(where: str, value: Any, model: Model) -> Iterator[CheckMessage]:
    """What is read from a row in hand: a path, an attribute, a method, a dotted function or an expression."""
    if not isinstance(value, str):
        yield from check_column(where, value, model)
    elif "." in value:
        yield from check_loads(where, value)
    else:
        yield from told(where, value, walk(model, value, attributes=True))


def check_column(where: str, value: Any, model: Model, *, several: bool = False) -> Iterator[CheckMessage]:
    """A path or an expression; with `several` also those of each part of a key."""
    if several and isinstance(value, list | tuple) and value:
        for part in value:
            yield from check_column(where, part, model)
    elif isinstance(value, str) or hasattr(value, "resolve_expression"):
        yield from check_path(where, value, model)
    else:
        yield no_name(where, value, "a path, an expression or a dotted path")


def no_name(where: str, found: Any, wanted: str) -> CheckMessage:
    hint = "Name it by its path, as text."
    if callable(found):
        name = getattr(found, "__qualname__", "")
        hint = "Write it in a module, and name it by its dotted path."
        if name.isidentifier():
            hint = f'Name it by its dotted path: "{found.__module__}.{name}".'
    return Error(f"{where} is {found!r}; wanted {wanted}.", hint=hint, id="personalize.E007")


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


def check_user(where: str, value: Any, model: Model) -> Iterator[CheckMessage]:
    """The path that says whose it is must not lead to what is no account: a number of it would be another's key."""
    try:
        accounts = get_user_model()
    except ImproperlyConfigured:
        return
    fields = list(fields_along(model, value)) if isinstance(value, str) else []
    if not fields or len(fields) < len(value.split(LOOKUP_SEP)):
        return  # an expression, or what check_path tells
    if len(fields) > 1 and not fields[-1].is_relation and getattr(fields[-1], "primary_key", False):
        fields.pop()
    target: Any = fields[-1].related_model
    if target is None or leads_to(target, accounts):
        return
    hint = f"It should lead to {accounts._meta.label}."
    for field in target._meta.concrete_fields:
        if field.related_model is not None and leads_to(field.related_model, accounts):
            before = [*value.split(LOOKUP_SEP)[: len(fields) - 1], fields[-1].name]
            last = [field.attname] if field.target_field.primary_key else [field.name, "pk"]
            hint = f'"user": "{LOOKUP_SEP.join([*before, *last])}"'
            break
    yield Error(f"{where} is {value!r}, which leads to {target._meta.label}.", hint=hint, id="personalize.E010")


def leads_to(model: Any, wanted: Model) -> bool:
    """Say whether a key of `model` is one of `wanted`: a proxy, a parent, a child, or what is keyed by one."""
    while not (issubclass(model, wanted) or issubclass(wanted, model)):
        if model._meta.pk.related_model is None:
            return False
        model = model._meta.pk.related_model
    return True


def check_loads(where: str, path: Any) -> Iterator[CheckMessage]:
    if not isinstance(path, str):
        yield no_name(where, path, "a dotted path")
        return
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
    current, before, parts = model, None, path.split(LOOKUP_SEP)
    for place, part in enumerate(parts):
        if attributes:
            field = field_named(current, part)
        else:
            try:
                field = current._meta.pk if part == "pk" else current._meta.get_field(part)
            except FieldDoesNotExist:
                field = None
        if field is None:
            if attributes and getattr(getattr(current, part, None), "alters_data", False):
                return f"{current._meta.label}.{part}() changes the shop's data", "Name a method that only answers."
            if hasattr(current, part) if attributes else before is not None and before.get_lookup(part) is not None:
                return None  # an attribute, or a lookup such as __isnull
            names = {each.name for each in current._meta.get_fields()}
            names |= {each.attname for each in current._meta.concrete_fields}
            close = get_close_matches(part, sorted(names), n=1, cutoff=0.4)
            hint = f'Did you mean "{close[0]}"?' if close else f"Its fields: {', '.join(sorted(names))}."
            return f'{current._meta.label} has no field "{part}"', hint
        if field.related_model is None:
            rest = parts[place + 1 :]
            return None if attributes or not rest or follows(field, rest[0]) else (
                f"{current._meta.label}.{field.name} has no {rest[0]!r} in the database",
                f'"{LOOKUP_SEP.join(parts[: place + 1])}"',
            )  # fmt: skip
        current, before = field.related_model, field
    return None


def follows(field: Any, step: str) -> bool:
    """Say whether the database can go on from a value: by a lookup such as __gt, a transform, or a step into JSON."""
    return not hasattr(field, "get_transform") or bool(field.get_lookup(step) or field.get_transform(step))
