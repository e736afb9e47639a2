"""A report as a table to download, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django_personalize.reports.placements import PlacementReport

COLUMNS = (
    "placement",
    "decisions",
    "impressions",
    "clicks",
    "click_rate",
    "currency",
    "purchases",
    "revenue",
    "refunds",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""


class _Echo:
    """Gives back what is written, so that a table goes out row by row."""

    def write(self, text: str) -> str:
        return text


def placements_csv(report: PlacementReport) -> Iterator[str]:
    """Yield the table line by line. A placement that sold in several currencies has a row for each; its counts stand in
    the first, so that a column can be added up.
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in report.rows:
        rate = "" if row.click_rate is None else f"{row.click_rate:.6f}"
        counts: tuple[Any, ...] = (row.decisions, row.impressions, row.clicks, rate)
        for money in row.money or (None,):
            sold = (
                ("", "", "", "")
                if money is None
                else (cell(money.currency), money.purchases, money.revenue, money.refunds)
            )
            yield writer.writerow([cell(row.placement), *counts, *sold])
            counts = ("",) * len(counts)


def cell(text: str) -> str:
    """Return a text that no spreadsheet reads as anything but text."""
    return f"'{text}" if text.startswith(FORMULA) else text
