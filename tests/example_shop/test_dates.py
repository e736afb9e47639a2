"""Dates move by whole weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from example_shop.data import dates
from example_shop.data.cleaning import CleanShop

LAST = datetime(2011, 12, 9, 12, 50)


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        datetime(2027, 7, 1, 23, 59, tzinfo=UTC),
        datetime(2028, 2, 29, 0, 0, tzinfo=UTC),
        datetime(2011, 12, 9, 12, 50, tzinfo=UTC),
        datetime(2010, 1, 1, tzinfo=UTC),
    ],
)
def test_the_last_order_falls_within_the_seven_days_before(as_of: datetime) -> None:
    moved = dates.moved(LAST, dates.weeks_until(LAST, as_of))
    assert timedelta(0) <= dates.local(as_of) - dates.local(moved) < timedelta(days=7)


def test_moving_keeps_every_weekday_and_time_of_day(real_shop: CleanShop) -> None:
    for weeks in (780, 800):
        for order in real_shop.orders:
            before = dates.naive(order.placed)
            after = dates.local(dates.moved(before, weeks))
            assert after - before == weeks * dates.WEEK


def test_a_time_that_the_clocks_skip_becomes_the_one_an_hour_later() -> None:
    assert dates.moved(datetime(2026, 3, 29, 1, 30), 0) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert dates.local(dates.moved(datetime(2026, 3, 29, 1, 30), 0)) == datetime(2026, 3, 29, 2, 30)


def test_a_time_that_the_clocks_repeat_is_the_first_of_the_two() -> None:
    assert dates.moved(datetime(2026, 10, 25, 1, 30), 0) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
