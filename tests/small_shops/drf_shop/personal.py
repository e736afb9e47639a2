from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "drf_shop.Product",
        "title": "name",
        "price": "price",
        "currency": "USD",
        "category": "category__name",
        "created": "created_at",
        "stock": "quantity",
        "url": ("app-product", "pk", "pk"),
        "in_stock": Q(quantity__gt=0),
    },
    "ORDER_LINES": {
        "model": "drf_shop.Cart_products",
        "item": "product_id",
        "order": "cart__order__pk",
        "date": "cart__order__timestamp",
        "price": "product__price",
        "currency": "USD",
        "user": "cart__user_id",
        "placed": Q(cart__order__status__in=["paid", "shipped", "refunded"]),
        "cancelled": Q(cart__order__status="refunded"),
    },
    "CART": {"callable": "tests.small_shops.drf_shop.carts.contents", "watch": ["drf_shop.Cart"]},
    "CAPTURE": "beacon",
}
