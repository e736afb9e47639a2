"""The basket: product keys and quantities in the session, and nothing else.

A session can outlive a product and comes back from storage that others may write, so nothing in it is taken on trust:
prices, names and stock are read from the database whenever the basket is shown, and what cannot be read is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from .models import Product

SESSION_KEY = "basket"
MOST_OF_ONE = 999


@dataclass(frozen=True, slots=True)
class BasketLine:
    """`wanted` is what the shopper asked for, `quantity` what can be had of it now."""

    product: Product
    wanted: int
    quantity: int

    @property
    def amount(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def is_short(self) -> bool:
        return self.quantity < self.wanted


class Basket:
    """`session["basket"]` is `{"<product key>": quantity}`."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session

    def quantities(self) -> dict[int, int]:
        """Product keys and quantities, as far as the session's content makes sense."""
        content = self._session.get(SESSION_KEY)
        if not isinstance(content, dict):
            return {}
        quantities = {}
        for key, quantity in content.items():
            if isinstance(key, str) and key.isascii() and key.isdigit() and len(key) <= 18 and _is_count(quantity):
                quantities[int(key)] = min(quantity, MOST_OF_ONE)
        return quantities

    def count(self) -> int:
        """Pieces in the basket, as far as the session knows: for the header, without a query."""
        return sum(self.quantities().values())

    def lines(self) -> list[BasketLine]:
        """What is in the basket and still on sale, in the order in which it was added, with one query."""
        quantities = self.quantities()
        if not quantities:
            return []
        products = Product.objects.visible().for_cards().in_bulk(list(quantities))
        return [
            BasketLine(products[key], wanted, min(wanted, products[key].stock))
            for key, wanted in quantities.items()
            if key in products
        ]

    def add(self, product: Product, quantity: int = 1) -> None:
        self.set(product.pk, self.quantities().get(product.pk, 0) + quantity)

    def set(self, key: int, quantity: int) -> None:
        """Nothing stays in the basket with a quantity of zero or less."""
        quantities = self.quantities()
        if quantity > 0:
            quantities[key] = min(quantity, MOST_OF_ONE)
        else:
            quantities.pop(key, None)
        self._session[SESSION_KEY] = {str(key): quantity for key, quantity in quantities.items()}

    def keep(self, keys: Iterable[int]) -> None:
        """Forget every product but these: what vanished from the shop need not be mentioned twice."""
        keys = set(keys)
        for key in self.quantities().keys() - keys:
            self.set(key, 0)

    def clear(self) -> None:
        self._session.pop(SESSION_KEY, None)


def total(lines: Iterable[BasketLine]) -> Decimal:
    """What the lines cost together."""
    return sum((line.amount for line in lines), Decimal(0))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
