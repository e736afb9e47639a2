"""Moves the shop's years to today, by whole weeks, so that a Thursday rush stays a Thursday rush."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np

LONDON = ZoneInfo("Europe/London")
WEEK = timedelta(weeks=1)


def weeks_until(last: datetime, as_of: datetime) -> int:
    """Whole weeks by which `last` (local wall-clock time) can move without passing `as_of` (an aware time).

    Once moved, `last` lies within the seven days before `as_of`. Negative when `last` is still to come.
    """
    return (as_of.astimezone(LONDON).replace(tzinfo=None) - last) // WEEK


def moved(local: datetime, weeks: int) -> datetime:
    """The instant of the same weekday and wall-clock time, `weeks` later, in UTC.

    A wall-clock time that the clocks skip in spring becomes the instant an hour after it; one that they repeat in
    autumn, the first of the two.
    """
    return (local + weeks * WEEK).replace(tzinfo=LONDON).astimezone(UTC)


def local(instant: datetime) -> datetime:
    """The shop's wall-clock time of an instant, naive."""
    return instant.astimezone(LONDON).replace(tzinfo=None)


def naive(time: np.datetime64) -> datetime:
    """A numpy time to the second as a plain `datetime`."""
    return cast(datetime, cast(Any, time).astype("datetime64[s]").item())
