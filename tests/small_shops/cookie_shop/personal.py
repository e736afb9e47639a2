from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "cookie_shop.Product",
        "title": "name",
        "price": "price",
        "currency": "USD",
        "image": "imageURL",
    },
    "ORDER_LINES": {
        "model": "cookie_shop.OrderItem",
        "item": "product_id",
        "order": "order_id",
        "date": "order__date_ordered",
        "qty": "quantity",
        "price": "product__price",
        "currency": "USD",
        "user": "order__customer__user_id",
        "placed": Q(order__complete=True),
    },
    "CART": [
        {
            "model": "cookie_shop.OrderItem",
            "item": "product_id",
            "qty": "quantity",
            "where": Q(order__complete=False),
            "user": "order__customer__user_id",
        },
        {"cookie": "cart", "qty": "quantity"},
    ],
}
