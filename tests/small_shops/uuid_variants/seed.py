from __future__ import annotations

from decimal import Decimal

from django.contrib.auth import get_user_model

from tests.small_shops.uuid_variants.models import Order, OrderLine, Payment, Product, Variant

PRODUCTS = (
    ("Hiking boots", "Alpina", (("41", "120.00", 5), ("42", "125.00", 5))),
    ("Rain boots", "Regent", (("one", "35.00", 9),)),
    ("Dress shoes", "Regent", (("42", "90.00", 0),)),
)


def seed() -> None:
    """Three products of four variants, one sold out; five orders: two paid at the second attempt, one cancelled."""
    variants = []
    for name, brand, sizes in PRODUCTS:
        product = Product.objects.create(
            name=name, slug=name.lower().replace(" ", "-"), brand=brand, material="leather"
        )
        variants += [
            Variant.objects.create(product=product, size=size, price=Decimal(price), stock=stock)
            for size, price, stock in sizes
        ]
    user = get_user_model().objects.create_user("member", password="pw")
    for number, payments in enumerate(("C", "FC", "FC", "F", "P")):
        order = Order.objects.create(
            user=user if number % 2 else None,
            email=f"{number}@example.com",
            status="cancelled" if number == 2 else "sent",
        )
        for variant in variants[: 2 + number % 3]:
            OrderLine.objects.create(
                order=order, variant=variant, qty=3, unit_price=variant.price, returned_qty=1 if number == 1 else 0
            )
        for status in payments:
            Payment.objects.create(order=order, status=status, amount=Decimal(100))
