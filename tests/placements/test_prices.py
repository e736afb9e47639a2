from decimal import Decimal

import pytest
from django.utils import translation

from django_personalize.placements.prices import price_text


@pytest.mark.parametrize(
    ("language", "amount", "currency", "text"),
    [
        ("en", "1234.5", "GBP", "1,234.50\N{NO-BREAK SPACE}GBP"),
        ("ru", "1234.5", "RUB", "1\N{NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}RUB"),
        ("de", "1234.5", "EUR", "1.234,50\N{NO-BREAK SPACE}EUR"),
        ("en", "125000.00", "UZS", "125,000\N{NO-BREAK SPACE}UZS"),
        ("en", "125000.50", "UZS", "125,000.50\N{NO-BREAK SPACE}UZS"),
        ("en", "980", "JPY", "980\N{NO-BREAK SPACE}JPY"),
        ("en", "1.2345", "KWD", "1.234\N{NO-BREAK SPACE}KWD"),
        ("en", "2", "", "2.00"),
    ],
)
def test_a_price_is_written_as_its_reader_writes_it(language, amount, currency, text):
    with translation.override(language):
        assert price_text(Decimal(amount), currency) == text


def test_no_price_is_no_text():
    assert price_text(None, "GBP") == ""
