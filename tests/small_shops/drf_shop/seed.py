from __future__ import annotations

from decimal import Decimal

from django.contrib.auth import get_user_model

from tests.small_shops.drf_shop.models import Cart, Category, Order, Product


def seed() -> None:
    """Three products; four carts: two bought, one of these refunded, one ordered and not paid, one left behind."""
    toys = Category.objects.create(name="Toys")
    products = [
        Product.objects.create(category=toys, name=name, price=Decimal(price), quantity=quantity)
        for name, price, quantity in (("Kite", "15.00", 4), ("Drum", "40.00", 2), ("Yo-yo", "3.00", 0))
    ]
    user = get_user_model().objects.create_user("member", password="pw")
    for number, status in enumerate(("paid", "refunded", "created", "")):
        cart = Cart.objects.create(user=user if number else None)
        cart.products.set(products[: 1 + number])
        if status:
            Order.objects.create(cart=cart, email="x@example.com", status=status, total=10)
