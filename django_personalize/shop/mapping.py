"""The shop as two dicts in the settings describe it: `PRODUCT` and `ORDER_LINES`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.urls import reverse

from django_personalize.conf import settings
from django_personalize.core.types import Item, Line
from django_personalize.exceptions import ConfigurationError, ShopError
from django_personalize.shop.paths import (
    crosses_many,
    expression,
    image_url,
    is_condition,
    moment,
    money,
    read,
    relation,
    text,
)

PRODUCT_KEYS = frozenset(
    [
        "model",
        "title",
        "url",
        "price",
        "list_price",
        "currency",
        "image",
        "category",
        "category_url",
        "brand",
        "created",
        "visible",
        "in_stock",
    ]
)
LINE_KEYS = frozenset(
    [
        "model",
        "item",
        "order",
        "date",
        "qty",
        "price",
        "currency",
        "user",
        "placed",
        "cancelled",
        "cancelled_qty",
        "cancelled_at",
    ]
)
CHUNK = 5_000
PAGE = 50_000


def model_of(setting: str, mapping: dict[str, Any]) -> type[models.Model]:
    """Return the mapped model, or say which setting names none."""
    label = mapping.get("model")
    if not label:
        raise ConfigurationError(
            f'PERSONALIZE["{setting}"]["model"] is not set; wanted the shop\'s model, such as "shop.Product".'
        )
    try:
        return cast("type[models.Model]", apps.get_model(label))
    except (LookupError, ValueError) as error:
        raise ConfigurationError(f'PERSONALIZE["{setting}"]["model"] is {label!r}: {error}') from error


def _pages(rows: models.QuerySet[Any, Any]) -> Iterator[Any]:
    """Yield rows ordered by their first column, the primary key, page by page.

    No cursor stays open while the caller works on a page: a caller that writes in between would otherwise hold a
    snapshot which SQLite cannot write from as soon as somebody else has written.
    """
    after = rows
    while page := list(after[:PAGE]):
        yield from page
        if len(page) < PAGE:
            return
        after = rows.filter(pk__gt=page[-1][0])


class MappedShop:
    """Reads the shop's tables by the paths that the settings give, through `_base_manager`: a manager may hide rows."""

    def __init__(self) -> None:
        self.product = dict(settings.PRODUCT)
        self.line = dict(settings.ORDER_LINES)

    @property
    def model(self) -> type[models.Model]:
        return model_of("PRODUCT", self.product)

    def item_key(self, obj: Any) -> str:
        if not isinstance(obj, self.model) or obj.pk is None:
            raise ShopError(
                f"{obj!r} is no saved {self.model._meta.label}, which is what "
                'PERSONALIZE["PRODUCT"]["model"] names; pass the product object itself.'
            )
        return str(obj.pk)

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        pks = [pk for pk in map(self._pk, keys) if pk is not None]
        if not pks:
            return {}
        return {item.key: item for item in map(self._item, self._sellable().filter(pk__in=pks))}

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        created = self.product.get("created")
        order = (F(created).desc(nulls_last=True), "pk") if isinstance(created, str) else ("-pk",)
        return [self._item(obj) for obj in self._sellable().order_by(*order)[:n]]

    def find(self, field: str, value: str) -> str | None:
        try:
            found = list(self.model._base_manager.filter(**{field: value}).values_list("pk", flat=True)[:2])
        except (ValidationError, ValueError, TypeError):
            return None
        return str(found[0]) if len(found) == 1 else None

    def facts(self) -> Iterator[tuple[str, str, str, datetime | None]]:
        paths = [self.product.get(name) for name in ("category", "brand", "created")]
        columns = {f"personalize_{at}": expression(path) for at, path in enumerate(paths) if path is not None}
        rows = self.model._base_manager.annotate(**columns).order_by("pk").values("pk", *columns)
        for row in rows.iterator(chunk_size=CHUNK):
            category, brand, created = (row.get(f"personalize_{at}") for at in range(3))
            yield str(row["pk"]), text(category), text(brand), moment(created)

    def count_lines(self) -> int:
        return self._lines().count()

    def lines(self, *, user_key: str | None = None) -> Iterator[Line]:
        rows = self._lines()
        if user_key is not None:
            if self.line.get("user") is None:
                return
            rows = rows.filter(personalize_user=user_key)
        # What the shop does not map is a constant, so that every row has the same columns.
        absent = {
            f"personalize_{name}": Value(value, output_field=IntegerField())
            for name, value in (("qty", 1), ("price", None), ("user", None), ("cancelled_at", None), ("currency", None))
            if f"personalize_{name}" not in rows.query.annotations
        }
        names = ("item", "order", "qty", "cancelled", "cancelled_at", "date", "price", "currency", "user")
        found = rows.annotate(**absent).order_by("pk").values_list("pk", *(f"personalize_{name}" for name in names))
        for pk, item, order, qty, cancelled, cancelled_at, date, price, currency, user in _pages(found):
            quantity = int(qty or 0)
            placed_at = moment(date)
            if item is None or order is None or placed_at is None or quantity < 1:
                continue
            given_back = min(max(int(cancelled or 0), 0), quantity)
            yield Line(
                key=str(pk),
                order_key=str(order),
                item_key=str(item),
                quantity=quantity,
                cancelled_quantity=given_back,
                cancelled_at=moment(cancelled_at) if given_back else None,
                placed_at=placed_at,
                price=money(price),
                currency=self._currency(self.line, currency),
                user_key=text(user),
            )

    def _lines(self) -> models.QuerySet[Any]:
        line = self.line
        columns = {
            f"personalize_{name}": expression(line[name])
            for name in ("item", "order", "date", "qty", "price", "user", "cancelled_at")
            if line.get(name) is not None
        }
        if isinstance(line.get("currency"), str) and not self._is_code(line["currency"]):
            columns["personalize_currency"] = expression(line["currency"])
        missing = [name for name in ("item", "order", "date") if f"personalize_{name}" not in columns]
        if missing:
            raise ConfigurationError(
                f'PERSONALIZE["ORDER_LINES"] lacks {", ".join(missing)}; each is a path from the order line model, '
                'such as {"item": "product_id", "order": "order_id", "date": "order__created"}.'
            )
        part = line.get("cancelled_qty")
        given_back: Any = Value(0) if part is None else expression(part)
        if line.get("cancelled") is not None:
            whole = expression(line["qty"]) if line.get("qty") is not None else Value(1)
            given_back = Case(When(line["cancelled"], then=whole), default=given_back, output_field=IntegerField())
        rows = model_of("ORDER_LINES", line)._base_manager.annotate(**columns, personalize_cancelled=given_back)
        placed = line.get("placed")
        return rows.filter(placed) if placed is not None else rows.all()

    def _sellable(self) -> models.QuerySet[Any]:
        rows = self.model._base_manager.all()
        for name in ("visible", "in_stock"):
            condition = self.product.get(name)
            if condition is None:
                continue
            if not is_condition(condition):
                raise ConfigurationError(
                    f'PERSONALIZE["PRODUCT"]["{name}"] is {condition!r}; '
                    "wanted a condition, such as Q(is_visible=True)."
                )
            if crosses_many(self.model, condition):
                condition = Q(pk__in=self.model._base_manager.filter(condition).values("pk"))
            rows = rows.filter(condition)
        followed = {relation(self.model, path) for path in self.product.values()} - {""}
        return rows.select_related(*sorted(followed)) if followed else rows

    def _item(self, obj: Any) -> Item:
        def value(name: str) -> Any:
            path = self.product.get(name)
            return read(obj, path) if isinstance(path, str) else None

        price, list_price = money(value("price")), money(value("list_price"))
        return Item(
            key=str(obj.pk),
            title=text(value("title")) or str(obj),
            url=self._url(obj),
            image=image_url(value("image")),
            price=price,
            list_price=list_price if price is not None and list_price is not None and list_price > price else None,
            currency=self._currency(self.product, value("currency")),
            category=text(value("category")),
            category_url=text(value("category_url")),
            brand=text(value("brand")),
            created=moment(value("created")),
            obj=obj,
        )

    def _url(self, obj: Any) -> str:
        given = self.product.get("url")
        if given is None:
            return str(obj.get_absolute_url()) if hasattr(obj, "get_absolute_url") else ""
        view_name, kwarg, field = given
        return reverse(view_name, kwargs={kwarg: read(obj, field)})

    def _pk(self, key: str) -> Any:
        try:
            return self.model._meta.pk.to_python(key)
        except (ValidationError, ValueError, TypeError):
            return None

    @staticmethod
    def _is_code(currency: Any) -> bool:
        return isinstance(currency, str) and len(currency) == 3 and currency.isupper()

    def _currency(self, mapping: dict[str, Any], value: Any) -> str:
        given = mapping.get("currency")
        return str(given) if self._is_code(given) else text(value)
