"""A price as text, in the language that is active: its separators, the currency's own decimals, the code after it."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

NONE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
"""Currencies with other than two decimals (ISO 4217)."""
SELDOM = frozenset(["AMD", "HUF", "IDR", "KZT", "LBP", "MMK", "MNT", "RSD", "UZS"])
"""Currencies whose smaller unit is in the standard and in nobody's purse: shown only where a price has any."""
SPACE = "\N{NO-BREAK SPACE}"


def price_text(amount: Decimal | None, currency: str) -> str:
    """Return the amount with its currency's code, as one word that no line breaks; '' for none."""
    if amount is None:
        return ""
    whole = amount == amount.to_integral_value()
    decimals = 0 if currency in NONE or (currency in SELDOM and whole) else 3 if currency in THREE else 2
    number = number_format(amount, decimals, use_l10n=True, force_grouping=True)
    return f"{number}{SPACE}{currency}" if currency else str(number)
