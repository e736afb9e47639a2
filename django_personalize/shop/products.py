"""What the shop sells, read by `PRODUCT`: items that may be shown now, and variants that are shown as their item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models import Q
from django.utils import translation

from django_personalize.core.types import Item
from django_personalize.exceptions import ConfigurationError, ShopError
from django_personalize.shop.items import MappedItems, Rows, is_code, model_of
from django_personalize.shop.keys import AT_ONCE, key_of, pk_of, pks_of
from django_personalize.shop.paths import crosses_many, expression, fields_along, is_condition, key_path, moment, text
from django_personalize.shop.reading import field_named, translations_with
from django_personalize.shop.scopes import scope_of

__all__ = ["MappedProducts", "Rows", "is_code", "model_of"]
CHUNK = 5_000
MOST_FOUND = 50
"""Rows of one value that are looked at: an item and its variants may share it, more have nothing in common."""


def is_none(parent: Any) -> bool:
    """Say whether this is no key of an item; one kept as text is empty then."""
    return parent is None or parent == ""


class MappedProducts(MappedItems):
    """The part of the adapter that knows products."""

    # What an adapter overrides where the mapping cannot say it.

    def conditions(self, request: Any) -> list[Any]:
        """Return what all must hold for a product to be shown and sold now to whoever asks."""
        found = {name: self.product[name] for name in ("visible", "in_stock") if self.product.get(name) is not None}
        for name, condition in found.items():
            if not is_condition(condition):
                raise ConfigurationError(
                    f'PERSONALIZE["PRODUCT"]["{name}"] is {condition!r}; '
                    "wanted a condition, such as Q(is_visible=True)."
                )
        return list(found.values())

    def scope(self, request: Any) -> str:
        return scope_of(request)

    # What everybody calls.

    @cached_property
    def variant_model(self) -> type[models.Model] | None:
        """The separate model of variants; None where variants are products themselves, or where there are none."""
        return model_of("PRODUCT", self.product, "variant") if self.product.get("variant") else None

    def item_key(self, obj: Any) -> str:
        if isinstance(obj, self.model) and obj.pk is not None:
            parent = None if self.variant_model is not None else self._parent(obj)
            return key_of(obj.pk if is_none(parent) else parent)
        if self.variant_model is not None and isinstance(obj, self.variant_model):
            parent = self._parent(obj)
            if not is_none(parent):
                return key_of(parent)
        raise ShopError(
            f"{obj!r} is no saved {self.model._meta.label}, which is what "
            'PERSONALIZE["PRODUCT"]["model"] names; pass the product object itself.'
        )

    def variant_key(self, obj: Any) -> str:
        item_key, own = self.item_key(obj), key_of(obj.pk)
        separate = self.variant_model is not None and not isinstance(obj, self.model)
        return own if separate or own != item_key else ""

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        pks = pks_of(self.model, keys)
        if not pks:
            return {}
        rows = self._related(self._sellable(request)).filter(pk__in=list(pks.values()))
        return {item.key: item for item in (self.item(obj, request) for obj in rows)}

    def sellable(self, keys: Sequence[str], *, request: Any = None) -> list[str]:
        pks = pks_of(self.model, keys)
        if not pks:
            return []
        rows = self._sellable(request).filter(pk__in=list(pks.values())).prefetch_related(None).order_by()
        found = set(rows.values_list("pk", flat=True))
        return [key for key, pk in pks.items() if pk in found]

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        created = self.product.get("created")
        order = ("-pk",) if created is None else (expression(created).desc(nulls_last=True), "pk")
        return [self.item(obj, request) for obj in self._related(self._sellable(request)).order_by(*order)[:n]]

    def reduced(self, n: int, *, request: Any = None) -> list[str]:
        price, before = self._readers["price"], self._readers["list_price"]
        plain = type(self).value is MappedProducts.value and not (price.many or before.many)
        if not plain or price.column is None or before.column is None:
            return []
        rows = (
            self._sellable(request)
            .prefetch_related(None)
            .annotate(personalize_now=expression(price.column), personalize_before=expression(before.column))
        )
        found = rows.filter(personalize_before__gt=models.F("personalize_now")).order_by("-pk")
        return [key_of(pk) for pk in found.values_list("pk", flat=True)[:n]]

    def group_of(self, keys: Sequence[str]) -> dict[str, str]:
        pks = pks_of(self.model, keys)
        found = dict(self._groups(self.model, list(pks.values()), None if self.variant_model else self._group))
        return {key: key_of(pk if is_none(found[pk]) else found[pk]) for key, pk in pks.items() if pk in found}

    def parents_of(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the item's key for each key of a variant, where the shop keeps variants in a model of their own."""
        if self.variant_model is None:
            return self.group_of(keys)
        pks = pks_of(self.variant_model, keys)
        found = dict(self._groups(self.variant_model, list(pks.values()), self._group))
        return {key: key_of(found[pk]) for key, pk in pks.items() if not is_none(found.get(pk))}

    def canonical_key(self, key: str, model: type[models.Model] | None = None) -> str:
        """Return the key as it is written here, of a product or of a row of `model`: of "01" and " 1" it is "1".

        An adapter with a `group_of` of its own may have keys of its own, which stay as they are.
        """
        if model is None and type(self).group_of is not MappedProducts.group_of:
            return key
        pk = pk_of(model or self.model, key)
        return key if pk is None else key_of(pk)

    def samples(self, n: int) -> list[list[Item]]:
        return [self.newest(n)]

    def find(self, field: str, value: str, *, model: Any = None) -> str | None:
        if "\x00" in value:
            return None
        translations = translations_with(self.model, field) if field_named(self.model, field) is None else None
        path = field if translations is None else f"{translations.name}__{field}"
        try:
            rows = self.model._base_manager.filter(**{path: value}).order_by()
            found = set(rows.values_list("pk", *self._columns_of_group).distinct()[:MOST_FOUND])
        except (FieldError, ValidationError, ValueError, TypeError):
            return None
        keys = {key_of(row[0] if is_none(row[-1]) or len(row) < 2 else row[-1]) for row in found}
        return keys.pop() if len(keys) == 1 else None

    def facts(self) -> Iterator[tuple[str, str, str, datetime | None, str]]:
        names = ("category", "brand", "created", "title")
        rows = self._only_items(self.queryset(None))
        readers = [self._readers[name] for name in names]
        if type(self).value is not MappedProducts.value or any(each and each.column is None for each in readers):
            # Text that is shown in the asker's language is learnt in one, or the same category would be several.
            with translation.override(django_settings.LANGUAGE_CODE):
                for obj in self._related(rows, names).order_by("pk").iterator(chunk_size=CHUNK):
                    category, brand, created, title = (self.value(name, obj, None) for name in names)
                    yield key_of(obj.pk), text(category), text(brand), moment(created), text(title)
            return
        columns = {reader.annotation: expression(reader.column) for reader in readers if reader}
        many = [reader.ordering for reader in readers if reader.many]
        found = rows.prefetch_related(None).annotate(**columns).order_by("pk", *many).values_list("pk", *columns)
        for pk, same in groupby(found.iterator(chunk_size=CHUNK), key=lambda row: row[0]):
            values: dict[str, Any] = {}
            for row in same:
                for name, value in zip(columns, row[1:], strict=True):
                    if value is not None:
                        values.setdefault(name, value)
            category, brand, created, title = (values.get(f"personalize_{name}") for name in names)
            yield key_of(pk), text(category), text(brand), moment(created), text(title)

    # How it is done.

    @cached_property
    def _group(self) -> Any:
        """The path from a variant to its item's primary key; None where there are no variants."""
        return key_path(self.variant_model or self.model, self.product.get("group"))

    @property
    def _columns_of_group(self) -> tuple[str, ...]:
        return () if self._group is None or self.variant_model is not None else (self._group,)

    def _parent(self, obj: Any) -> Any:
        """Return the primary key of the item that this row is a variant of; None where it is of none."""
        if self._group is None:
            return None
        *before, last = fields_along(obj, self._group.removesuffix("__pk"))
        for field in before:
            obj = getattr(obj, field.name)
            if obj is None:
                return None
        if last.related_model is None or last.target_field.primary_key:
            return getattr(obj, last.attname)
        parent = getattr(obj, last.name)
        return None if parent is None else parent.pk

    def _groups(self, model: type[models.Model], pks: list[Any], group: Any) -> Iterator[tuple[Any, Any]]:
        """Yield (primary key, its item's primary key or None) of the rows that exist."""
        columns = ("pk",) if group is None else ("pk", group)
        for start in range(0, len(pks), AT_ONCE):
            found = model._base_manager.filter(pk__in=pks[start : start + AT_ONCE]).values_list(*columns)
            for row in found.iterator(chunk_size=CHUNK):
                yield row[0], None if group is None else row[1]

    def _only_items(self, rows: Rows) -> Rows:
        """Leave out the variants, which are never shown by themselves."""
        if self._group is None or self.variant_model is not None:
            return rows
        none = Q(**{f"{self._group}__isnull": True})
        if isinstance(list(fields_along(self.model, self._group))[-1], models.CharField):
            none |= Q(**{self._group: ""})  # a key kept as text, and no foreign key
        return rows.filter(none)

    def _sellable(self, request: Any) -> Rows:
        rows = self._only_items(self.queryset(request))
        conditions = self.conditions(request)
        scope = self.scope(request) if request is not None and self.product.get("scope") else ""
        if scope:
            conditions = [*conditions, Q(**{self.product["scope"]: scope})]
        try:
            for condition in conditions:
                many = crosses_many(self.model, condition)
                rows = rows.filter(
                    Q(pk__in=self.model._base_manager.filter(condition).values("pk")) if many else condition
                )
        except (ValueError, ValidationError):
            if not scope:
                raise
            return rows.none()  # a scope that no product can have
        return rows
