from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from tests.small_shops.session_shop.models import Product


class Cart:
    """Lives in the session as {product id: {"quantity": 2, "price": "12.50"}}."""

    def __init__(self, request: HttpRequest) -> None:
        self.session = request.session
        entries = self.session.get("cart")
        if not entries:
            entries = self.session["cart"] = {}  # the session counts as modified on every page of an empty cart
        self.entries = entries

    def add(self, product: Product, quantity: int = 1, *, replace: bool = False) -> None:
        entry = self.entries.setdefault(str(product.id), {"quantity": 0, "price": str(product.price)})
        entry["quantity"] = quantity if replace else entry["quantity"] + quantity
        self.session.modified = True

    def remove(self, product: Product) -> None:
        if str(product.id) in self.entries:
            del self.entries[str(product.id)]
            self.session.modified = True

    def clear(self) -> None:
        del self.session["cart"]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Fill the session's own dicts with what the template wants. Nobody may save the session after this."""
        for product in Product.objects.filter(id__in=self.entries):
            self.entries[str(product.id)]["product"] = product
        for entry in self.entries.values():
            entry["price"] = Decimal(entry["price"])
            entry["total"] = entry["price"] * entry["quantity"]
            yield entry

    def __len__(self) -> int:
        return sum(entry["quantity"] for entry in self.entries.values())


def cart(request: HttpRequest) -> dict[str, Cart]:
    """The context processor."""
    return {"cart": Cart(request)}
