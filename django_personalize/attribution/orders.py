"""Whole orders as attribution sees them: each bought line with what of it came back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from django_personalize.events.vocabulary import ORDER_KINDS, REFUND
from django_personalize.models import Event

DAY = timedelta(days=1)


@dataclass(slots=True)
class Bought:
    """One bought line."""

    pk: int
    visitor_id: UUID | None
    bought_at: datetime
    item_key: str
    item_variant: str
    quantity: int
    price: Decimal | None
    currency: str
    returned: int = 0
    """How many of it came back, 0 to `quantity`."""

    @property
    def until(self) -> datetime:
        """The latest moment at which a click can have led to it.

        An order that bears a day only is read as that day's midnight: then it was any time of the day.
        """
        local = self.bought_at.astimezone(timezone.get_default_timezone())
        return self.bought_at + DAY if local.time() == time.min else self.bought_at


_Line = tuple[str, str, Decimal | None, str]
"""item, variant, price, currency."""
_SAME: tuple[Callable[[_Line], Hashable], ...] = (
    lambda line: line,
    lambda line: line[0] or None,
    lambda line: line[2:],
)
"""What makes a return a line's, surest first: all that both say; the item; the price, where the item is gone."""


def read(order_keys: Sequence[str]) -> list[Bought]:
    """Return all bought lines of these orders, in one query, in the order in which they were written."""
    rows = Event.objects.filter(transaction_id__in=order_keys, kind__in=ORDER_KINDS).order_by("pk")
    bought: defaultdict[str, list[Bought]] = defaultdict(list)
    back: defaultdict[str, Counter[_Line]] = defaultdict(Counter)
    columns = ("kind", "transaction_id", "pk", "visitor_id", "occurred_at")
    told = ("item_key", "item_variant", "quantity", "price", "currency")
    for kind, order, pk, visitor, at, item, variant, quantity, price, currency in rows.values_list(*columns, *told):
        if kind == REFUND:
            back[order][item, variant, price, currency] += quantity or 0
        else:
            bought[order].append(Bought(pk, visitor, at, item, variant, quantity or 1, price, currency))
    for order, returns in back.items():
        _give_back(bought[order], returns)
    return [line for lines in bought.values() for line in lines]


def _give_back(lines: Sequence[Bought], returns: Counter[_Line]) -> None:
    """Take each return off the line that it is of: order and line are alike in all that a return says."""
    for same in _SAME:
        for told, quantity in returns.items():
            key = same(told)
            if not quantity or key is None or (same is _SAME[-1] and told[0]):
                continue
            for line in lines:
                if same((line.item_key, line.item_variant, line.price, line.currency)) == key:
                    taken = min(returns[told], line.quantity - line.returned)
                    line.returned += taken
                    returns[told] -= taken
