from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "uuid_variants.Product",
        "variant": "uuid_variants.Variant",
        "group": "product_id",
        "title": "name",
        "price": "variants__price",
        "list_price": "variants__compare_at",
        "currency": "EUR",
        "brand": "brand",
        "created": "added",
        "attributes": {"material": "material"},
        "visible": Q(published=True),
        "in_stock": Q(variants__stock__gt=0),
    },
    "ORDER_LINES": {
        "model": "uuid_variants.OrderLine",
        "item": "variant__product_id",
        "variant": "variant_id",
        "order": "order_id",
        "date": "order__placed",
        "qty": "qty",
        "price": "unit_price",
        "currency": "EUR",
        "user": "order__user_id",
        "placed": Q(order__payments__status="C"),
        "cancelled": Q(order__status="cancelled"),
        "cancelled_qty": "returned_qty",
        "cancelled_at": "returned_at",
        "also_watch": [("uuid_variants.Payment", "order_id")],
    },
    "CART": {"session": "store.cart", "keys": "variant", "item": "variant", "qty": "count"},
    "SEARCH": {"params": ("query",)},
}
