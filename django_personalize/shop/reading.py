"""Reading one mapped value from a row in hand, with what has to be fetched beforehand worked out once."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, models
from django.db.models.constants import LOOKUP_SEP

from django_personalize.core.loading import load
from django_personalize.shop.paths import fields_along, money, pieces

logger = logging.getLogger("django_personalize.shop")
LANGUAGE_FIELDS = ("language_code", "language")


@dataclass(frozen=True, slots=True)
class Step:
    """One attribute of the way from the row to the value."""

    name: str
    many: bool = False
    """Whether it leads to several rows."""


class Reader:
    """Reads a field path, an attribute, a method, a dotted function or an expression.

    Over several rows it gives the first that has a value, in the order of their own model (by key where that has none);
    `over="lowest"` gives the lowest amount instead, `over="sum"` all pieces together. What the shop's code raises is
    logged once, and the value is None.
    """

    def __init__(self, model: type[models.Model], name: str, value: Any, *, over: str = "first") -> None:
        self.name, self.value, self.over = name, value, over
        self.select = self.prefetch = self.ordering = ""
        self.column: Any = None
        """What the database reads it by; None where only a row in hand can say it."""
        self.many = False
        self._steps: list[Step] = []
        self._function: Callable[[Any, Any], Any] | None = None
        self._told = False
        if value is None:
            return
        if not isinstance(value, str):
            self.column, self._steps = value, [Step(self.annotation)]
        elif "." in value:
            self._function = load(value)
        else:
            self._compile(model, value)

    @property
    def annotation(self) -> str:
        return f"personalize_{self.name}"

    def __bool__(self) -> bool:
        return self.value is not None

    def __call__(self, obj: Any, request: Any = None) -> Any:
        try:
            if self._function is not None:
                return self._function(obj, request)
            return self._follow(obj, 0, request) if self._steps else None
        except DatabaseError:
            raise
        except Exception:
            # Shop code over shop data: one odd row must not take the page, or the whole list, with it.
            if not self._told:
                self._told = True
                logger.exception("product_value_unreadable", extra={"value": self.name, "path": self.value})
            return None

    def _compile(self, model: Any, path: str) -> None:
        """Work out the attributes to follow, and which relations on the way to join or to prefetch."""
        current, way, joined = model, list[str](), True
        for part in path.split(LOOKUP_SEP):
            field = None if current is None else field_named(current, part)
            if field is None:  # an attribute or a method: what follows is not known beforehand
                relation = None if current is None else translations_with(current, part)
                if relation is not None:
                    self.prefetch = LOOKUP_SEP.join([*way, relation.get_accessor_name()])
                self._steps.append(Step(part))
                current = None
                continue
            reverse = field.auto_created and not field.concrete
            step = Step(field.get_accessor_name() if reverse else part, bool(field.one_to_many or field.many_to_many))
            self._steps.append(step)
            current = field.related_model if part == field.name or reverse else None
            if current is not None:
                way.append(step.name)
                joined = joined and not step.many
                if joined:
                    self.select = LOOKUP_SEP.join(way)
                else:
                    self.prefetch = LOOKUP_SEP.join(way)
        last = max((place for place, step in enumerate(self._steps, 1) if step.many), default=0)
        self.many, self.ordering = last > 0, LOOKUP_SEP.join(path.split(LOOKUP_SEP)[:last])
        self.column = path if is_column(model, path) else None

    def _follow(self, obj: Any, at: int, request: Any) -> Any:
        for place in range(at, len(self._steps)):
            step = self._steps[place]
            value = getattr(obj, step.name, None)
            if value is None:
                return None
            if step.many:
                return self._over(value.all(), place + 1, request)
            if callable(value):
                if getattr(value, "alters_data", False):
                    raise TypeError(f"{step.name}() changes the shop's data; it is not called.")
                value = call(value, request)
            obj = value
        return obj

    def _over(self, rows: Any, at: int, request: Any) -> Any:
        found = list(rows)
        if not rows.ordered:
            found.sort(key=lambda row: row.pk)
        values = (value for row in found if (value := self._follow(row, at, request)) not in (None, ""))
        if self.over == "first":
            return next(values, None)
        if self.over == "sum":
            counts = [count for value in values if (count := pieces(value)) is not None]
            return sum(counts) if counts else None
        told = list(values)
        amounts = [amount for value in told if (amount := money(value)) is not None]
        # Where none is a number the whole is none either, and is told as such.
        return min(amounts, default=told[0] if told else None)


def is_column(model: Any, path: str) -> bool:
    """Say whether `path` leads over fields alone and ends at a value, so that the database can read it."""
    fields, parts = list(fields_along(model, path)), path.split(LOOKUP_SEP)
    if len(fields) < len(parts):
        return False
    last = fields[-1]
    return bool(last.concrete) and (last.related_model is None or parts[-1] in ("pk", last.attname))


def field_named(model: Any, name: str) -> Any:
    """Return the field that a row in hand has under this name; None for any other attribute.

    A relation that leads here answers to both of its names, but not to one that is an attribute's.
    """
    if name == "pk":
        return model._meta.pk
    relations = {each.get_accessor_name(): each for each in model._meta.related_objects}
    if name in relations:
        return relations[name]
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return None if field in relations.values() and hasattr(model, name) else field


def translations_with(model: Any, attribute: str) -> Any:
    """Return the relation to the rows, one per language, that keep what `model` shows as `attribute`; None without."""
    for relation in model._meta.related_objects:
        names = {field.name for field in relation.related_model._meta.concrete_fields}
        if relation.one_to_many and attribute in names and not names.isdisjoint(LANGUAGE_FIELDS):
            return relation
    return None


def call(method: Any, request: Any) -> Any:
    """Call a method; with the request where it takes one by this name, or needs a value at all."""
    function = getattr(method, "__func__", method)
    # A partial, as `get_status_display` is, is made anew for each row: remembering it would only hold on to rows.
    ask = wants_request.__wrapped__ if isinstance(function, partial) else wants_request
    wanted = ask(function, function is not method)
    if wanted == "by name":
        return method(request=request)
    return method(request) if wanted else method()


@lru_cache(maxsize=1_000)
def wants_request(function: Any, bound: bool) -> str:
    """Return how a function takes the request: "by name", "by place", or '' where it does not."""
    try:
        taken = list(inspect.signature(function).parameters.values())[bound:]
    except (TypeError, ValueError):
        return ""
    if any(each.name == "request" and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) for each in taken):
        return "by name"
    needed = (each for each in taken if each.default is each.empty)
    return "by place" if any(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in needed) else ""
