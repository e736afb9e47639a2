from __future__ import annotations

from django.contrib.auth import get_user_model

from tests.small_shops.keyed_by_session.models import Category, Order, OrderProduct, Product, Variation

PRODUCTS = (("Blue jeans", 60, 10, True), ("Red shirt", 25, 10, True), ("Old hat", 9, 3, False), ("Belt", 15, 0, True))


def seed() -> None:
    """Four products: one hidden, one sold out. Six orders: four done, one of these cancelled, two never paid."""
    category = Category.objects.create(category_name="Clothes", slug="clothes")
    products = [
        Product.objects.create(
            product_name=name,
            slug=name.lower().replace(" ", "-"),
            price=price,
            stock=stock,
            is_available=available,
            category=category,
        )
        for name, price, stock, available in PRODUCTS
    ]
    for value in ("red", "large"):
        Variation.objects.create(product=products[1], variation_category="color", variation_value=value)
    user = get_user_model().objects.create_user("member", password="pw")
    for number in range(6):
        order = Order.objects.create(
            user=user,
            order_number=str(number),
            email="member@example.com",
            order_total=1,
            is_ordered=number < 4,
            status="Cancelled" if number == 3 else "Completed",
        )
        for product in products[: 1 + number % 3]:
            OrderProduct.objects.create(
                order=order, user=user, product=product, quantity=2, product_price=product.price, ordered=number < 4
            )
