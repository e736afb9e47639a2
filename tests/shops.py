"""Rows of the example shop's tables for tests, each with what the test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.utils.text import slugify

from example_shop.shop.models import Category, Collection, Order, OrderLine, Product

_numbers = count(10_000)


def product(name: str, *, category: str = "Candles", collection: str | None = None, **changes: Any) -> Product:
    values: dict[str, Any] = {
        "code": str(next(_numbers)),
        "name": name,
        "slug": slugify(name),
        "price": Decimal("2.50"),
        "stock": 10,
        "is_visible": True,
        "created": datetime(2025, 1, 1, tzinfo=UTC),
    }
    values |= changes
    for money in ("price", "was_price"):
        if values.get(money) is not None:
            values[money] = Decimal(values[money])
    return Product.objects.create(
        category=Category.objects.get_or_create(slug=slugify(category), defaults={"name": category})[0],
        collection=None
        if collection is None
        else Collection.objects.get_or_create(slug=slugify(collection), defaults={"name": collection})[0],
        **values,
    )


def user(name: str) -> User:
    found = User.objects.filter(username=name).first()
    return found if found is not None else User.objects.create_user(name, password="pw")


def order(number: str, *, user: str | None = None, **changes: Any) -> Order:
    values: dict[str, Any] = {
        "email": "somebody@example.com",
        "status": "placed",
        "placed_at": datetime(2026, 1, 1, 12, tzinfo=UTC),
    }
    return Order.objects.create(
        number=number, user=None if user is None else globals()["user"](user), **(values | changes)
    )


def bought(of: Order, thing: Product, *, quantity: int = 1, **changes: Any) -> OrderLine:
    values: dict[str, Any] = {"unit_price": "2.50"} | changes
    values["unit_price"] = Decimal(values["unit_price"])
    return OrderLine.objects.create(order=of, product=thing, quantity=quantity, **values)
