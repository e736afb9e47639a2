"""Money on the page."""

from __future__ import annotations

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def pounds(amount: Decimal | int | None) -> str:
    """`£1,234.50`; the shop sells in pounds, in whatever language."""
    return "" if amount is None else f"£{amount:,.2f}"
