from __future__ import annotations

from django.contrib.auth import get_user_model

from tests.small_shops.cookie_shop.models import Customer, Order, OrderItem, Product


def seed() -> None:
    """Three products and one that was sold and deleted since; a member's two orders, a guest's one, and an open one."""
    user = get_user_model().objects.create_user("member", password="pw")
    member = Customer.objects.create(user=user, name="member", email="member@example.com")
    guest = Customer.objects.create(name="Guest", email="guest@example.com")
    products = [
        Product.objects.create(name=name, price=price)
        for name, price in (("Headphones", 49.99), ("Watch", 259.0), ("Shoes", 89.9), ("Cable", 3.5))
    ]
    for customer, complete, kept in ((member, True, 4), (member, True, 2), (guest, True, 1), (guest, False, 2)):
        order = Order.objects.create(customer=customer, complete=complete, transaction_id="1.0" if complete else "")
        for product in products[:kept]:
            OrderItem.objects.create(order=order, product=product, quantity=2)
    products[3].delete()
