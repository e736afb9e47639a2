import time
from decimal import Decimal

import pytest

from django_personalize.shop.paths import money, pieces


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("2", 2), (2.7, 2), (True, 1), ("0.5", 1), ("-0.5", 0), ("-2", -2), ("1e8", 100_000_000),
        ("1e-1000000", 1), ("1e10", None), ("1e1000000", None), ("-1e1000000", None), ("0e1000000", None),
        pytest.param("9" * 100_000, None, id="long"), pytest.param(10**5_000, None, id="huge"),
        (float("inf"), None), ("nan", None), ("snan", None), ("two", None),
    ],
)  # fmt: skip
def test_a_number_of_any_size_is_counted_at_once_or_is_none(value, count):
    started = time.perf_counter()
    assert pieces(value) == count
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("9999999999999.9999", "9999999999999.9999"), ("1e13", None), ("1e1000000", None),
        pytest.param(10**5_000, None, id="huge"),
        (Decimal("1e-1000000"), "0"), ("0e1000000", "0"), ("0e-1000000", "0"), ("0.0001", "0.0001"), ("0.00", "0.00"),
        ("-3", "-3"), ("nan", None), (float("-inf"), None), (0.1 + 0.2, "0.3"), ("", None),
    ],
)  # fmt: skip
def test_a_price_is_what_a_column_of_ours_can_hold_or_none(value, amount):
    found = money(value)
    assert (None if found is None else str(found)) == amount
