"""A shop that runs in another process or language: what it told over HTTP, read as a shop's own tables are."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from django_personalize.core.types import Watched
from django_personalize.shop.mapping import MappedShop


class FeedShop(MappedShop):
    """`SHOP` for a headless shop. It has nothing to map: the tables are ours, and `django_personalize.api` fills them.

    The settings' mappings have no say. No cart is known here, and no row is watched: the other shop says what changed.
    """

    has_cart = False

    PRODUCT = {
        "model": "personalize.FeedItem",
        "title": "title",
        "url": "link",
        "price": "price",
        "list_price": "list_price",
        "currency": "currency",
        "image": "image_link",
        "category": "category",
        "brand": "brand",
        "created": "created",
        "group": "group",
        "visible": Q(listed=True),
        "in_stock": Q(in_stock=True),
    }
    ORDER_LINES = {
        "model": "personalize.FeedLine",
        "item": "item_key",
        "order": "order_key",
        "date": "placed_at",
        "qty": "quantity",
        "price": "price",
        "list_price": "list_price",
        "currency": "currency",
        "user": "user_key",
        "placed": Q(placed=True),
        "cancelled_qty": "cancelled_quantity",
        "cancelled_at": "cancelled_at",
    }

    def __init__(self) -> None:
        super().__init__()
        self.product, self.line = dict(self.PRODUCT), dict(self.ORDER_LINES)

    def cart(self, request: Any, **circumstances: Any) -> None:
        return None

    def watched(self) -> list[Watched]:
        return []
