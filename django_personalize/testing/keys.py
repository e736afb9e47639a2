"""How tests name an item: by the shop's own product, or by its key."""

from __future__ import annotations

from django_personalize.conf import settings


def key_of(item: object) -> str:
    """Return the key under which it is shown; raises `ShopError` for an object that is no product of the shop's."""
    if isinstance(item, str | int):
        key = str(item)
        return settings.shop.group_of([key]).get(key, key)
    return settings.shop.item_key(item)
