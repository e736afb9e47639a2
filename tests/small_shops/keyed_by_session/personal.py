from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "keyed_by_session.Product",
        "title": "product_name",
        "price": "price",
        "currency": "USD",
        "image": "images",
        "category": "category__category_name",
        "category_url": "category__get_url",
        "created": "created_date",
        "stock": "stock",
        "visible": Q(is_available=True),
        "in_stock": Q(stock__gt=0),
    },
    "ORDER_LINES": {
        "model": "keyed_by_session.OrderProduct",
        "item": "product_id",
        "order": "order_id",
        "date": "created_at",
        "qty": "quantity",
        "price": "product_price",
        "currency": "USD",
        "user": "user_id",
        "placed": Q(order__is_ordered=True),
        "cancelled": Q(order__status="Cancelled"),
    },
    "CART": {
        "model": "keyed_by_session.CartItem",
        "item": "product_id",
        "qty": "quantity",
        "where": Q(is_active=True),
        "user": "user_id",
        "session_key": "cart__cart_id",
    },
    "SEARCH": {"params": ("keyword",), "results": "tests.small_shops.keyed_by_session.found.count"},
}
