"""A small shop with orders in which people have tastes, for tests that train: deterministic, made in a second."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.contrib.auth.models import User
from django.utils import timezone

from example_shop.shop.models import Category, Collection, Order, OrderLine, Product

CATEGORIES = ("Candles", "Kitchen", "Toys", "Garden", "Cards", "Bags")
PER_CATEGORY = 12
CUSTOMERS = 60
ORDERS = 600


def fill(*, seed: int = 7, until: datetime | None = None) -> None:
    """Create 72 products, 60 customers and 600 orders of the last 180 days; customer n likes category n modulo 6."""
    random = np.random.default_rng(seed)
    until = until or timezone.now()
    collection = Collection.objects.create(name="Regency", slug="regency")
    products: list[Product] = []
    for category_name in CATEGORIES:
        category = Category.objects.create(name=category_name, slug=category_name.lower())
        for number in range(PER_CATEGORY):
            place = len(products)
            products.append(
                Product(
                    code=str(20_000 + place),
                    name=f"{category_name} {number}",
                    slug=f"{category_name.lower()}-{number}",
                    category=category,
                    collection=collection if number % 4 == 0 else None,
                    price=Decimal("1.50") + number,
                    stock=20,
                    is_visible=True,
                    created=until - timedelta(days=200 - place),
                )
            )
    Product.objects.bulk_create(products)
    users = User.objects.bulk_create(User(username=f"customer-{number}", password="!") for number in range(CUSTOMERS))
    orders: list[Order] = []
    lines: list[OrderLine] = []
    for number in range(ORDERS):
        customer = int(random.integers(CUSTOMERS + 15))  # the last fifteen are guests
        taste = customer % len(CATEGORIES)
        order = Order(
            number=str(500_000 + number),
            user=users[customer] if customer < CUSTOMERS else None,
            email="somebody@example.com",
            status=Order.Status.DELIVERED,
            placed_at=until - timedelta(days=180 * (1 - number / ORDERS)),
        )
        orders.append(order)
        own = taste * PER_CATEGORY + random.permutation(PER_CATEGORY)[:3]
        other = random.integers(len(products), size=1)
        lines += [
            OrderLine(order=order, product=products[place], quantity=1 + place % 3, unit_price=products[place].price)
            for place in sorted({*own.tolist(), *other.tolist()})
        ]
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(lines)
