"""Dividing a whole so that the parts add up to it exactly, whatever the weights."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from django_personalize.exceptions import PersonalizeError

UNITS = 1_000_000
"""Shares have six decimals."""


def divide(whole: int, weights: Sequence[float]) -> list[int]:
    """Return one part of `whole` per weight, in proportion, rounded by the largest remainders; ties go to the later.

    The parts add up to `whole` exactly and have its sign. Raises `PersonalizeError` for weights that are none.
    """
    if not weights or not all(isfinite(weight) and weight >= 0 for weight in weights) or not any(weights):
        raise PersonalizeError(
            f"ATTRIBUTION gave the weights {list(weights)!r}; wanted finite ones, none below 0 and one above."
        )
    exact = [Fraction(weight) for weight in weights]
    total = sum(exact)
    size = abs(whole)
    parts = [size * weight // total for weight in exact]
    left = size - sum(parts)
    if left:
        by_remainder = sorted(
            (place for place, weight in enumerate(exact) if weight),
            key=lambda place: (size * exact[place] % total, place),
            reverse=True,
        )
        for place in by_remainder[:left]:
            parts[place] += 1
    return [-part for part in parts] if whole < 0 else parts


def as_share(part: int) -> Decimal:
    return Decimal(part).scaleb(-6)


def as_money(part: int) -> Decimal:
    return Decimal(part).scaleb(-4)


def in_units(price: Decimal) -> int:
    """Return a price as a whole number of its smallest kept part, a ten-thousandth."""
    return int(price.scaleb(4))
