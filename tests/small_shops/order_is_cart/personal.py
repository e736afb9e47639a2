from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Coalesce

PERSONALIZE = {
    "PRODUCT": {
        "model": "order_is_cart.Item",
        "title": "title",
        "price": Coalesce("discount_price", "price"),
        "list_price": "price",
        "currency": "USD",
        "image": "image",
        "category": "get_category_display",
    },
    "ORDER_LINES": {
        "model": "order_is_cart.OrderItem",
        "item": "item_id",
        "order": "order__pk",
        "date": "order__ordered_date",
        "qty": "quantity",
        "price": Coalesce("item__discount_price", "item__price"),
        "list_price": "item__price",
        "currency": "USD",
        "user": "user_id",
        "placed": Q(ordered=True),
        "cancelled": Q(order__refund_granted=True),
    },
    "CART": {
        "model": "order_is_cart.OrderItem",
        "item": "item_id",
        "qty": "quantity",
        "where": Q(ordered=False),
        "user": "user_id",
    },
}
