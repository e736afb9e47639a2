"""A shop that runs in another process or language: what it told over HTTP, read as a shop's own tables are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q

from django_personalize.core.types import Line, Purpose, Watched
from django_personalize.models import FeedLine, Visitor
from django_personalize.shop.mapping import MappedShop


class FeedShop(MappedShop):
    """`SHOP` for a headless shop. It has nothing to map: the tables are ours, and `django_personalize.api` fills them.

    The settings' mappings have no say. No cart is known here, and no row is watched: the other shop says what changed.
    """

    has_cart = False
    accounts_elsewhere = True
    """A user of this project is nobody of that shop's, whatever their ids."""

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

    def lines(
        self, *, user_key: str | None = None, order_keys: Sequence[str] | None = None, **options: Any
    ) -> Iterator[Line]:
        """Take off its lines any account of which no browser says yes any more: a yes runs out without a request."""
        named = FeedLine.objects.exclude(user_key="")
        if user_key is not None:
            named = named.filter(user_key=user_key)
        if order_keys is not None:
            named = named.filter(order_key__in=order_keys)
        granting = Visitor.objects.granting(Purpose.PERSONALIZATION).exclude(user_key="")
        named.exclude(user_key__in=granting.values("user_key")).update(user_key="")
        return super().lines(user_key=user_key, order_keys=order_keys, **options)

    def cart(self, request: Any, **circumstances: Any) -> None:
        return None

    def watched(self) -> list[Watched]:
        return []
