from __future__ import annotations

from django.db.models import Q

PERSONALIZE = {
    "PRODUCT": {
        "model": "translated.Poster",
        "title": "name",
        "price": "price",
        "visible": Q(active=True),
        "scope": "site_id",
    },
    "ORDER_LINES": {
        "model": "translated.SoldPoster",
        "item": "poster_id",
        "order": "order__number",
        "date": "order__created",
        "price": "price",
        "currency": "order__currency",
        "user": "order__user_id",
        "scope": "order__site_id",
        "placed": Q(),
        "cancelled": Q(cancelled=True),
    },
    "CART": {"session": "cart"},
    "SEARCH": {"params": ("search",)},
    "SCOPE": "site",
}
