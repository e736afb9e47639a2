"""What each placement showed and earned: one page, and one table to download.

The credits themselves are shown to nobody: each ties an order to a visitor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import number_format
from django.utils.functional import Promise

from django_personalize.admin.read_only import ReadOnlyAdmin
from django_personalize.core import clock
from django_personalize.models import Credit
from django_personalize.placements.defaults import PLACEMENTS
from django_personalize.reports.placements import Money, PlacementReport, PlacementRow, placement_report
from django_personalize.reports.tables import placements_csv

DAYS = 28
"""What is shown unless other days are asked for: whole weeks, up to yesterday."""
BAR = 160
"""Pixels of the longest bar."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: a placement in one of its currencies."""

    title: str | Promise
    row: PlacementRow
    money: Money | None
    first: bool
    """Whether it is the placement's first line, which alone has its counts."""
    bar: int
    """Pixels, among lines of the same currency."""

    @property
    def rate(self) -> str:
        found = self.row.click_rate
        return "" if found is None else f"{number_format(found * 100, 1)} %"

    @property
    def purchases(self) -> str:
        return "" if self.money is None else number_format(f"{self.money.purchases.normalize():f}")


@admin.register(Credit)
class CreditAdmin(ReadOnlyAdmin):
    """The report in place of a list."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and bool(request.user.has_perm("personalize.view_revenue"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.page), name="personalize_credit_changelist"),
            path("table.csv", wrap(self.table), name="personalize_credit_table"),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        """Draw the report of the days that are asked for."""
        since, until = self._days(request)
        report = placement_report(_start(since), _start(until + timedelta(days=1)))
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "since": since,
            "until": until,
            "report": report,
            "lines": list(_lines(report)),
            "bar": BAR,
        }
        return TemplateResponse(request, "admin/personalize/credit/change_list.html", context)

    def table(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Give the same report as CSV."""
        since, until = self._days(request)
        report = placement_report(_start(since), _start(until + timedelta(days=1)))
        name = f"placements-{since}-{until}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return StreamingHttpResponse(placements_csv(report), content_type="text/csv; charset=utf-8", headers=headers)

    def _days(self, request: HttpRequest) -> tuple[date, date]:
        """Return the first and the last day that are asked for; what is none, or is the wrong way round, is not."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        yesterday = timezone.localdate(clock.now()) - timedelta(days=1)
        until = _day(request.GET.get("until")) or yesterday
        since = _day(request.GET.get("since")) or until - timedelta(days=DAYS - 1)
        return min(since, until), max(since, until)


def _day(given: str | None) -> date | None:
    try:
        found = parse_date(given or "")
    except ValueError:
        return None
    return found if found is not None and 1970 <= found.year <= 2999 else None


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _lines(report: PlacementReport) -> Iterator[Line]:
    most: dict[str, Decimal] = {}
    for row in report.rows:
        for money in row.money:
            most[money.currency] = max(most.get(money.currency, Decimal(0)), money.revenue)
    for row in report.rows:
        placement = PLACEMENTS.get(row.placement)
        title = row.placement if placement is None else placement.title
        sold: tuple[Money | None, ...] = row.money or (None,)
        for place, each in enumerate(sold):
            yield Line(title, row, each, place == 0, _bar(each, most))


def _bar(money: Money | None, most: dict[str, Decimal]) -> int:
    if money is None or money.revenue <= 0:
        return 0
    return max(1, round(BAR * money.revenue / most[money.currency]))
