from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "session_shop.Product",
        "title": "name",
        "price": "price",
        "currency": "EUR",
        "image": "picture",
        "category": "category__name",
        "category_url": "category__get_absolute_url",
        "created": "created",
        "visible": Q(available=True),
    },
    "ORDER_LINES": {
        "model": "session_shop.OrderItem",
        "item": "product_id",
        "order": "order_id",
        "date": "order__created",
        "qty": "quantity",
        "price": "price",
        "currency": "EUR",
        "placed": Q(order__paid=True),
        "cancelled": Q(order__refunded=True),
    },
    "CART": {"session": "cart", "qty": "quantity"},
    "SEARCH": {"params": ("q",)},
}
