from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "composite.Article",
        "title": "label",
        "price": "price",
        "currency": "EUR",
        "visible": Q(blocked=False),
    },
    "ORDER_LINES": {
        "model": "composite.OrderPosition",
        "item": ("supplier", "number"),
        "order": "order_id",
        "date": "order__date",
        "qty": "pieces",
        "price": "price",
        "currency": "EUR",
        "placed": Q(order__state="F"),
    },
    "CART": {"session": "cart", "item": "article", "qty": "pieces"},
}
