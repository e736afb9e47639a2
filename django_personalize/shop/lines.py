"""What was ordered, read by `ORDER_LINES`: every line that can be used, and what cannot be counted by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.db.models import BooleanField, Case, IntegerField, Q, Value, When

from django_personalize.conf import settings
from django_personalize.core.tally import Tally
from django_personalize.core.types import Line
from django_personalize.exceptions import ConfigurationError
from django_personalize.shop.items import Rows, is_code, model_of
from django_personalize.shop.keys import AT_ONCE, LONGEST, key_of, value_of
from django_personalize.shop.paths import (
    crosses_many,
    expression,
    fields_along,
    key_path,
    many_along,
    moment,
    money,
    pieces,
)
from django_personalize.shop.problems import (
    KEY_TOO_LONG,
    NO_DATE,
    NO_ORDER,
    NO_QUANTITY,
    PRICE_NOT_A_NUMBER,
    PRODUCT_GONE,
    RETURN_OUT_OF_RANGE,
)
from django_personalize.shop.products import MappedProducts
from django_personalize.shop.scopes import SCOPE_LENGTH

PAGE = 50_000
COLUMNS = ("item", "variant", "order", "date", "qty", "price", "list_price", "currency", "user", "scope",
           "cancelled_qty", "cancelled_at")  # fmt: skip
KEYS = ("item", "variant", "order", "user")


class MappedLines(MappedProducts):
    """The part of the adapter that knows order lines."""

    ORDER_LINES: ClassVar[Mapping[str, Any]] = {}
    """An adapter's own mapping; what the settings say goes before it, key by key."""

    def __init__(self) -> None:
        super().__init__()
        self.line: dict[str, Any] = {**self.ORDER_LINES, **settings.ORDER_LINES}

    def line_queryset(self) -> Rows:
        """Return all order lines, of whatever order. For an adapter that keeps some out of sight for good."""
        return self.line_model._base_manager.all()

    @cached_property
    def line_model(self) -> type[models.Model]:
        return model_of("ORDER_LINES", self.line)

    def count_lines(self, *, since: datetime | None = None) -> int:
        rows = self.sold_lines(since)
        return rows.values("pk", "personalize_order").distinct().count() if self._repeats else rows.count()

    def sold_lines(self, since: datetime | None = None) -> Rows:
        """Return the rows behind `lines()`, with what each key of `ORDER_LINES` gives in a column `personalize_<key>`.

        A line comes once per order that it is in, and per row of something else that the mapping looks at.
        """
        return self._since(self._sold(self._lines()), since)

    def lines(
        self,
        *,
        user_key: str | None = None,
        order_keys: Sequence[str] | None = None,
        since: datetime | None = None,
        tally: Tally | None = None,
    ) -> Iterator[Line]:
        rows = self._since(self._lines(), since)
        tally = Tally() if tally is None else tally
        if user_key is not None:
            user = self._value(rows, "user", user_key) if self.line.get("user") is not None else None
            if user is None:
                return
            rows = rows.filter(personalize_user=user)
        if order_keys is None:
            yield from self._read(self._sold(rows), tally)
            return
        orders = {order for key in order_keys if (order := self._value(rows, "order", key)) is not None}
        wanted = sorted(orders)
        for start in range(0, len(wanted), AT_ONCE):
            yield from self._read(rows.filter(personalize_order__in=wanted[start : start + AT_ONCE]), tally)

    def _read(self, rows: Rows, tally: Tally) -> Iterator[Line]:
        """Yield the usable lines page by page; each page asks once about the products that are new in it."""
        columns = ("pk", *(f"personalize_{name}" for name in (*COLUMNS, "cancelled", "sold")), *self._item_columns)
        order = ("pk", "personalize_order") if self._repeats else ("pk",)
        shown: dict[Any, tuple[str, str, bool]] = {None: ("", "", False)}
        before: Any = None
        for page in self._pages(rows.order_by(*order).values_list(*columns)):
            if self._item_columns:
                page = [_with_item(row, len(self._item_columns)) for row in page]
            self._look_up({row[1] for row in page}.difference(shown), shown)
            for row in page:
                if self._repeats:
                    if before == (row[0], row[3]):
                        continue
                    before = row[0], row[3]
                line = self._line(row, shown, tally)
                if line is not None:
                    yield line

    def _line(self, row: Sequence[Any], shown: Mapping[Any, tuple[str, str, bool]], tally: Tally) -> Line | None:
        (pk, item, variant, order, date, qty, price, list_price, currency, user, scope, back, back_at, whole, sold) = (
            row
        )
        key = key_of(pk)
        if not sold:
            tally = Tally()  # a cart, or an order that may never be one: nothing to be put right
        if order is None or order == "":
            tally.add(NO_ORDER, key)
            return None
        placed_at = moment(date)
        if placed_at is None:
            tally.add(NO_DATE, key)
            return None
        quantity = pieces(qty)
        if quantity is None or quantity < 1:
            tally.add(NO_QUANTITY, key)
            return None
        order_key = key_of(order)
        item_key, variant_key, known = shown[item]
        if len(order_key) > LONGEST or len(item_key) > LONGEST:
            tally.add(KEY_TOO_LONG, key[:LONGEST])
            return None
        if not known:
            tally.add(PRODUCT_GONE, key)
        amount = money(price)
        if amount is None and price is not None and price != "":
            tally.add(PRICE_NOT_A_NUMBER, key)
        if whole:
            given_back = quantity
        elif not back:
            given_back = 0
        else:
            found = pieces(back)
            given_back = min(max(found or 0, 0), quantity)
            if found != given_back:
                tally.add(RETURN_OUT_OF_RANGE, key)
        before = money(list_price) if list_price is not None and amount is not None else None
        return Line(
            key=key,
            order_key=order_key,
            item_key=item_key,
            variant_key=variant_key if variant is None else self._short(variant, LONGEST, key, tally),
            sold=bool(sold),
            gone=not known,
            quantity=quantity,
            cancelled_quantity=given_back,
            cancelled_at=moment(back_at) if given_back and back_at is not None else None,
            placed_at=placed_at,
            price=amount,
            list_price=before if before is not None and amount is not None and before > amount else None,
            currency=self._currency(self.line, currency),
            user_key="" if user is None else self._short(user, LONGEST, key, tally),
            scope="" if scope is None else self._short(scope, SCOPE_LENGTH, key, tally),
        )

    @staticmethod
    def _short(value: Any, longest: int, key: str, tally: Tally) -> str:
        """Return the text of a key; '' where it is longer than we keep."""
        found = key_of(value)
        if len(found) <= longest:
            return found
        tally.add(KEY_TOO_LONG, key)
        return ""

    def _look_up(self, items: set[Any], shown: dict[Any, tuple[str, str, bool]]) -> None:
        """Add (item's key, variant's key, whether it exists) for each value of the lines' `item`."""
        keys = {value: key_of(value) for value in items}
        if self._surely_items:
            shown.update({value: (key, "", True) for value, key in keys.items()})
            return
        groups = self.group_of(list(keys.values())) if keys else {}
        for value, key in keys.items():
            group = groups.get(key)
            shown[value] = (key, "", False) if group is None else (group, key if group != key else "", True)

    @cached_property
    def _surely_items(self) -> bool:
        """Whether the database itself sees to it that each line's `item` is an item that exists."""
        if type(self).group_of is not MappedProducts.group_of or (self._group and self.variant_model is None):
            return False
        path = self._paths["item"]
        if not isinstance(path, str):
            return False
        fields = list(fields_along(self.line_model, path.removesuffix("__pk")))
        last = fields[-1] if fields else None
        return bool(getattr(last, "db_constraint", False)) and last is not None and last.related_model is self.model

    def _pages(self, rows: Any) -> Iterator[list[Any]]:
        """Yield rows ordered by their first column, the primary key, page by page.

        No cursor stays open while the caller works on a page: a caller that writes in between would otherwise hold a
        snapshot which SQLite cannot write from as soon as somebody else has written.
        """
        after = rows
        while page := list(after[:PAGE]):
            full = len(page) == PAGE
            if full and self._repeats:  # the last line's rows may go on behind the page
                last = page[-1][0]
                page = [row for row in page if row[0] != last] or list(rows.filter(pk=last))
            yield page
            if not full:
                return
            after = rows.filter(pk__gt=page[-1][0])

    @cached_property
    def _paths(self) -> dict[str, Any]:
        line = self.line
        found = {name: line[name] for name in COLUMNS if line.get(name) is not None}
        if is_code(found.get("currency")):
            del found["currency"]
        missing = [name for name in ("item", "order", "date") if name not in found]
        if missing:
            raise ConfigurationError(
                f'PERSONALIZE["ORDER_LINES"] lacks {", ".join(missing)}; each is a path from the order line model, '
                'such as {"item": "product_id", "order": "order_id", "date": "order__created"}.'
            )
        return {name: key_path(self.line_model, value) if name in KEYS else value for name, value in found.items()}

    @cached_property
    def _item_columns(self) -> dict[str, Any]:
        """The columns of an item's key that has several, where no foreign key leads to the item; {} else."""
        item = self._paths["item"]
        if not isinstance(item, list | tuple):
            return {}
        return {f"personalize_item_{place}": expression(path) for place, path in enumerate(item)}

    @cached_property
    def _repeats(self) -> bool:
        """Whether a line may come several times: once per order that it is in, or per row of something else."""
        return any(crosses_many(self.line_model, value) for value in self._paths.values())

    def _lines(self) -> Rows:
        """Return the lines of all orders with a column for everything that the mapping can say."""
        paths = self._paths
        columns: dict[str, Any] = {
            f"personalize_{name}": expression(paths[name])
            if name in paths
            # What the shop does not map is a constant, so that every row has the same columns.
            else Value(1 if name == "qty" else None, output_field=IntegerField())
            for name in COLUMNS
        }
        for name, absent in (("cancelled", False), ("sold", True)):
            condition = self._condition("placed" if name == "sold" else name)
            columns[f"personalize_{name}"] = (
                Value(absent)
                if condition is None
                else Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
            )
        if self._item_columns:
            columns["personalize_item"] = Value(None, output_field=IntegerField())
        rows: Rows = self.line_queryset().annotate(**columns, **self._item_columns)
        return rows

    def _condition(self, name: str) -> Any:
        """Return a condition on a line, so that it neither repeats a line nor mixes up the orders that it is in."""
        condition = self.line.get(name)
        if condition is None or (isinstance(condition, Q) and not condition):
            return None
        beyond = many_along(self.line_model, condition) - many_along(self.line_model, self._paths["order"])
        if not beyond:
            return condition
        return Q(pk__in=self.line_model._base_manager.filter(condition).values("pk"))

    def _sold(self, rows: Rows) -> Rows:
        condition = self._condition("placed")
        if condition is None:
            return rows
        # Over several orders the very join that gives the order's key must be asked, not another of the same tables.
        return (
            rows.filter(personalize_sold=True) if crosses_many(self.line_model, condition) else rows.filter(condition)
        )

    def _since(self, rows: Rows, since: datetime | None) -> Rows:
        return rows if since is None else rows.filter(personalize_date__gte=since)

    def _value(self, rows: Rows, name: str, key: str) -> Any:
        """Return what the column holds where its key is `key`; None where nothing can."""
        return value_of(self.line_model, rows.query.annotations[f"personalize_{name}"].output_field, key)


def _with_item(row: Sequence[Any], parts: int) -> tuple[Any, ...]:
    """Return the row with the key that its last columns make up as its item; an item that lacks one is none."""
    item = tuple(row[-parts:])
    return (row[0], None if None in item else item, *row[2:-parts])
