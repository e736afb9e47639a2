"""The words for what happens: GA4's e-commerce events, spelt as there."""

from __future__ import annotations

VIEW_ITEM = "view_item"
PURCHASE = "purchase"
REFUND = "refund"

KINDS = frozenset({VIEW_ITEM, PURCHASE, REFUND})
ORDER_KINDS = (PURCHASE, REFUND)
