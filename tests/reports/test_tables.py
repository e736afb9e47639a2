import csv
from decimal import Decimal

import pytest

from django_personalize.reports.placements import Money, PlacementReport, PlacementRow
from django_personalize.reports.tables import COLUMNS, cell, placements_csv
from tests.conftest import NOON


def table(*rows):
    report = PlacementReport(since=NOON, until=NOON, rows=rows, sold=0, traceable=0, held=None, treated=None)
    return list(csv.reader("".join(placements_csv(report)).splitlines()))


def row(name="home", *money):
    return PlacementRow(placement=name, decisions=4, impressions=8, clicks=1, money=money)


def money(currency, revenue):
    return Money(currency=currency, purchases=Decimal(1), revenue=Decimal(revenue), refunds=Decimal("0.5000"))


def test_counts_stand_once_so_that_a_column_can_be_added_up():
    assert table(row("home", money("EUR", "2.0000"), money("GBP", "-3.0000")), row("also")) == [
        list(COLUMNS),
        ["home", "4", "8", "1", "0.125000", "EUR", "1", "2.0000", "0.5000"],
        ["home", "", "", "", "", "GBP", "1", "-3.0000", "0.5000"],
        ["also", "4", "8", "1", "0.125000", "", "", "", ""],
    ]


def test_a_placement_that_nobody_saw_has_no_rate():
    nothing = PlacementRow(placement="home", decisions=1, impressions=0, clicks=0, money=())
    assert table(nothing)[1][3:5] == ["0", ""]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil.example")'])
def test_no_text_is_a_formula(text):
    assert cell(text) == f"'{text}"
    rows = list(csv.reader("".join(placements_csv_of(text)).splitlines(keepends=True)))
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))


def placements_csv_of(name):
    report = PlacementReport(since=NOON, until=NOON, rows=(row(name),), sold=0, traceable=0, held=None, treated=None)
    return placements_csv(report)


def test_other_texts_are_left_alone():
    assert [cell(text) for text in ("home", "", "you-may-also-like")] == ["home", "", "you-may-also-like"]
