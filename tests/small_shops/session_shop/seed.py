from __future__ import annotations

from decimal import Decimal

from tests.small_shops.session_shop.models import Category, Order, OrderItem, Product

PRODUCTS = (("Lantern", "12.50"), ("Lamp", "30.00"), ("Candle", "2.00"), ("Torch", "8.75"))


def seed() -> None:
    """Four products, one of them not for sale, and five orders: four paid, one of these refunded."""
    light = Category.objects.create(name="Light", slug="light")
    products = [
        Product.objects.create(
            category=light, name=name, slug=name.lower(), price=Decimal(price), available=name != "Torch"
        )
        for name, price in PRODUCTS
    ]
    for number in range(5):
        order = Order.objects.create(
            first_name="Ann",
            last_name="Other",
            email=f"guest{number}@example.com",
            address="1 Street",
            paid=number != 0,
            refunded=number == 4,
        )
        for product in products[: 2 + number % 2]:
            OrderItem.objects.create(order=order, product=product, price=product.price, quantity=1 + number)
