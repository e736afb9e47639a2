"""The words that the shop's mappings may use. `docs/shop.md` says what each means; a test compares the two."""

from __future__ import annotations

PRODUCT_KEYS = frozenset(
    [
        "model",
        "title",
        "url",
        "price",
        "list_price",
        "currency",
        "image",
        "category",
        "category_url",
        "brand",
        "created",
        "stock",
        "cost",
        "attributes",
        "visible",
        "in_stock",
        "group",
        "variant",
        "scope",
    ]
)
LINE_KEYS = frozenset(
    [
        "model",
        "item",
        "variant",
        "order",
        "date",
        "qty",
        "price",
        "list_price",
        "currency",
        "user",
        "scope",
        "placed",
        "cancelled",
        "cancelled_qty",
        "cancelled_at",
        "also_watch",
    ]
)
CART_KINDS = ("session", "cookie", "model", "callable")
"""Exactly one of these in each dict of `CART`: it says how the cart is kept."""
CART_KEYS: dict[str, frozenset[str]] = {
    "session": frozenset(["session", "item", "variant", "qty", "keys"]),
    "cookie": frozenset(["cookie", "item", "variant", "qty", "keys"]),
    "model": frozenset(["model", "item", "variant", "qty", "where", "user", "session_key", "session_value"]),
    "callable": frozenset(["callable", "watch", "keys"]),
}
CONDITIONS = frozenset(["visible", "in_stock", "placed", "cancelled", "where"])
"""Values that stand in a `filter()`."""
SEARCH_KEYS = frozenset(["params", "results", "views"])
