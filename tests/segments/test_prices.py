from decimal import Decimal

import numpy as np
import pytest

from django_personalize.segments import prices
from tests.segments.small import AS_OF, sold

pytestmark = pytest.mark.django_db


def judged(*rows, items=None):
    """Judge lines of (price, list price, age, quantity) of item "1"."""
    found = prices.load(AS_OF, {"1": 0} if items is None else items)
    price, listed, age, quantity = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    item = np.zeros(len(rows), dtype=np.int32)
    below = found.below(item=item, quantity=quantity.astype(np.int32), price=price, listed=listed, age=age)
    return found.source, below.tolist()


def test_by_list_prices_a_line_without_one_was_not_reduced():
    sold(None, "a", list_price=Decimal("12"))
    rows = [(10, 12, 5, 1), (12, 12, 5, 1), (10, np.nan, 5, 1), (np.nan, 12, 5, 1)]
    assert judged(*rows) == ("list_price", [1, 0, 0, -1])


def test_without_list_prices_a_line_is_compared_with_what_was_usual_in_the_90_days_before_its_own_month():
    history = [(125, "4"), (125, "4"), (125, "4"), (95, "10"), (65, "10"), (35, "10"), (34, "6")]
    for number, (days, price) in enumerate(history):
        sold(None, str(number), days=days, price=Decimal(price))
    rows = [(9.5, np.nan, 5, 1), (9.6, np.nan, 5, 1), (9.5, np.nan, 40, 1), (4, np.nan, 125, 1)]
    assert judged(*rows) == ("history", [1, 0, 0, -1])


def test_each_quantity_band_has_a_price_of_its_own():
    sold(None, "a", days=40, price=Decimal("10"), quantity=1)
    sold(None, "b", days=40, price=Decimal("7"), quantity=12)
    rows = [(7, np.nan, 5, 1), (7, np.nan, 5, 47), (7, np.nan, 5, 3)]
    assert judged(*rows)[1] == [1, 0, -1]


def test_the_usual_price_is_the_lower_median_with_one_vote_per_line():
    for number, price in enumerate(["5", "8", "10", "10"]):
        sold(None, str(number), days=40, price=Decimal(price))
    assert judged((7.6, np.nan, 5, 1), (7.61, np.nan, 5, 1))[1] == [1, 0]


def test_money_is_counted_in_the_currency_of_most_lines():
    sold(None, "a", currency="USD", days=40, price=Decimal("1"))
    sold(None, "b", days=40)
    sold(None, "c", days=40)
    assert prices.load(AS_OF, {}).currency == "EUR"
    assert judged((9, np.nan, 5, 1))[1] == [1]


def test_nothing_later_than_the_moment_is_looked_at():
    sold(None, "a", days=-1, list_price=Decimal("12"))
    assert prices.load(AS_OF, {}) == prices.Prices(source="history", currency="")
