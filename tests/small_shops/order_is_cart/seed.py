from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from tests.small_shops.order_is_cart.models import Item, Order, OrderItem

ITEMS = (
    ("Linen shirt", "linen-shirt", 25.5, None),
    ("Rain coat", "coat", 80.0, 60.0),
    ("Wool coat", "coat", 120.0, None),
)


def seed() -> None:
    """Three items, two of them under one slug; three finished orders, one of them refunded, and a cart."""
    items = [
        Item.objects.create(title=title, slug=slug, price=price, discount_price=discount, category="S")
        for title, slug, price, discount in ITEMS
    ]
    for number in range(4):
        user = get_user_model().objects.create_user(f"member{number}", password="pw")
        ordered = number != 3
        order = Order.objects.create(
            user=user,
            ordered=ordered,
            ordered_date=timezone.now() - timedelta(days=number),
            ref_code=f"ref-{number}" if ordered else "",
            refund_granted=number == 2,
        )
        for item in items[: number + 1]:
            order.items.add(OrderItem.objects.create(user=user, item=item, ordered=ordered, quantity=1 + number))
