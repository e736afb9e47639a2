"""The models behind an order: which of their rows say that it may have changed, and which order a row belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from django_personalize.core.types import Reference, Watched
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.items import model_of
from django_personalize.shop.keys import AT_ONCE, key_held, key_of
from django_personalize.shop.lines import MappedLines
from django_personalize.shop.paths import fields_along, paths_in

LINE = "pk"
ELSEWHERE = ":"
"""In `Reference.path` between a model and the path from it to the order's key; other paths start at the order line."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way from one model's rows to the key of their order, followed as far as it is loaded."""

    names: tuple[str, ...]
    """The fields to follow; the last is the order's key."""
    heres: tuple[str, ...]
    """`Reference.path` for the row on which each of `names` is read."""
    tells_new: bool = False
    """Whether a new row is a new order."""

    def __call__(self, row: Any, created: bool) -> Reference | None:
        created = created and self.tells_new
        if created and row.pk is not None:
            # Looked up once the shop has committed: an order that was rolled back must leave no key behind.
            return Reference(self.heres[0], row.pk, created)
        for place, (name, here) in enumerate(zip(self.names, self.heres, strict=True)):
            by_row = None if row.pk is None else Reference(here, row.pk, created)
            try:
                field = row._meta.pk if name == "pk" else row._meta.get_field(name)
            except FieldDoesNotExist:
                return by_row
            if isinstance(field, models.CompositePrimaryKey):
                value = row.pk
            elif field.concrete and not field.many_to_many and field.attname in row.__dict__:
                value = row.__dict__[field.attname]
            else:
                return by_row
            rest = self.names[place + 1 :]
            target = field.target_field if rest and field.is_relation else None
            if target is not None and value is None:
                return None  # belongs to no order, so far
            is_key = target is not None and (rest == (target.name,) or (rest == ("pk",) and target.primary_key))
            if is_key or not rest:
                key = key_held(field, value)
                return Reference("", key, created) if key else by_row
            following = None if target is None else field.get_cached_value(row, default=None)
            if following is None:
                # The foreign key says which row is next, but not what stands there.
                known = target is not None and target.primary_key
                return Reference(self.heres[place + 1], value, created) if known else by_row
            row = following
        return None


class MappedOrders(MappedLines):
    """The part of the adapter that knows which orders a changed row is about."""

    def watched_carts(self) -> Iterator[type[models.Model]]:
        """Yield the models whose rows are what carts hold."""
        return iter(())

    def watched(self) -> list[Watched]:
        ways: dict[type[models.Model], Way] = {}
        for model, way in self._ways() if self.line else ():
            for each in family(model):
                ways.setdefault(each, way)
        carts = {each for model in self.watched_carts() for each in family(model)}
        return [
            Watched(model=model, refer=ways.get(model), cart=model in carts)
            for model in sorted({*ways, *carts}, key=lambda model: model._meta.label)
        ]

    def orders_of(self, references: Collection[Reference]) -> set[str]:
        found = {str(each.value) for each in references if not each.path}
        by_path: dict[str, set[Any]] = defaultdict(set)
        for each in references:
            if each.path:
                by_path[each.path].add(each.value)
        for path, values in by_path.items():
            wanted = list(values)
            for start in range(0, len(wanted), AT_ONCE):
                keys = self._order_keys(path, wanted[start : start + AT_ONCE])
                found.update(key_of(key) for key in keys if key is not None)
        return found

    # How it is done.

    def _order_keys(self, path: str, values: Sequence[Any]) -> Any:
        if ELSEWHERE in path:
            label, _, path = path.partition(ELSEWHERE)
            return apps.get_model(label)._base_manager.filter(pk__in=values).values_list(path, flat=True)
        if self._relations and path == self._relations[-1][0]:
            # From the order itself, which may have no line left.
            model, tail = self._relations[-1][1], self._names[len(self._relations) :]
            return model._base_manager.filter(pk__in=values).values_list(LOOKUP_SEP.join(tail), flat=True)
        rows = self._lines().filter(**{f"{path}__in": values})
        return rows.order_by().values_list("personalize_order", flat=True).distinct()

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The fields from a line to its order's key; () where an expression works the key out."""
        path = self._paths["order"]
        if not isinstance(path, str):
            return ()
        *before, last = path.split(LOOKUP_SEP)
        field = list(fields_along(self.line_model, path))[-1]
        if last != "pk" and field.is_relation:
            return (*before, field.name if field.concrete else last, "pk")
        return (*before, last)

    @cached_property
    def _relations(self) -> list[tuple[str, type[models.Model]]]:
        """The models on the way from a line to its order, each with its path from the line; the last is the order's."""
        found, path = list[tuple[str, type[models.Model]]](), list[str]()
        for name, field in zip(self._names, fields_along(self.line_model, LOOKUP_SEP.join(self._names)), strict=False):
            if name == "pk" or field.related_model is None:
                break
            path.append(name)
            found.append((LOOKUP_SEP.join(path), field.related_model))
        return found

    def _ways(self) -> Iterator[tuple[type[models.Model], Way]]:
        names, relations = self._names, self._relations
        if not names:  # only the database can work out the key
            yield self.line_model, Way(("",), (LINE,))
            for path in paths_in(self._paths["order"]):
                parts = path.split(LOOKUP_SEP)
                for place, field in enumerate(fields_along(self.line_model, path), 1):
                    if field.related_model is not None:
                        here = LOOKUP_SEP.join((*parts[: place - 1], field.name))
                        yield field.related_model, Way(("",), (here,), True)
            yield from self._named("")
            return
        heres = (LINE, *(path for path, _ in relations), *[""] * (len(names) - len(relations) - 1))
        yield self.line_model, Way(names, heres, not relations)
        for place, (_, model) in enumerate(relations, 1):
            yield model, Way(names[place:], heres[place:], place == len(relations))
        for name in ("placed", "cancelled", "cancelled_qty", "cancelled_at"):
            for path in paths_in(self.line[name]) if self.line.get(name) is not None else ():
                yield from self._hanging(path, heres)
        yield from self._named(relations[-1][0] if relations else "")

    def _hanging(self, path: str, heres: tuple[str, ...]) -> Iterator[tuple[type[models.Model], Way]]:
        """Yield the model of rows that point at a line, or at something on its way to the order, as payments do.

        Not what an order points at, such as its buyer: that changes for reasons of its own.
        """
        parts = path.split(LOOKUP_SEP)
        for place, (part, field) in enumerate(zip(parts, fields_along(self.line_model, path), strict=False)):
            if place < len(self._relations) and part == self._names[place]:
                continue
            if field.auto_created and not field.concrete and not field.many_to_many:
                names = (field.remote_field.name, *self._names[place:])
                label = f"{field.related_model._meta.label}{ELSEWHERE}{LOOKUP_SEP.join(names)}"
                yield field.related_model, Way(names, (label, *heres[place:]))
            return

    def _named(self, order: str) -> Iterator[tuple[type[models.Model], Way]]:
        """Yield the models of `also_watch`, whose paths lead to the order's primary key, or to its key itself."""
        for label, path in self.line.get("also_watch") or ():
            model = model_of("ORDER_LINES", {"also_watch": label}, "also_watch")
            fields = list(fields_along(model, path.removesuffix("__pk")))
            if not fields:
                raise ConfigurationError(
                    f'PERSONALIZE["ORDER_LINES"]["also_watch"] has {path!r}; wanted the path from {label} to its order.'
                )
            tail = self._names[len(self._relations) :] if order and fields[-1].related_model is not None else ()
            names = (*(field.name for field in fields), *tail)
            owners = (model, *(field.related_model for field in fields[:-1]))
            heres = [
                f"{owner._meta.label}{ELSEWHERE}{LOOKUP_SEP.join(names[place:])}" for place, owner in enumerate(owners)
            ]
            if tail:
                heres += [order, *[""] * (len(tail) - 1)]
            yield model, Way(names, tuple(heres))


def family(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the model and those that save rows of it under another name: its proxies and its children."""
    return [each for each in apps.get_models(include_auto_created=True) if issubclass(each, model)]
