from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.capture import stock
from django_personalize.capture.orders import Reconciled, reconcile
from django_personalize.core import clock
from django_personalize.management.progress import Progress
from django_personalize.management.telling import interruptible, need_shop, need_tables, plural, problems

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no age; wanted a number and m, h or d, such as 90m, 12h or 2d.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


class Command(BaseCommand):
    help = (
        "Brings our purchases and refunds in line with the shop's orders: what was written, changed or deleted "
        "without a request of the shop seeing it. Safe to repeat and to interrupt."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=age,
            metavar="AGE",
            help="Orders placed within this age only: 90m, 12h, 2d. All unless given.",
        )

    def handle(self, *args: Any, since: timedelta | str | None = None, **options: Any) -> None:
        if isinstance(since, str):  # as call_command() hands it on
            try:
                since = age(since)
            except ArgumentTypeError as error:
                raise CommandError(str(error)) from error
        need_tables()
        need_shop()
        with interruptible(), Progress(self.stdout, "Order lines") as progress:
            report = reconcile(since=None if since is None else clock.now() - since, progress=progress.update)
            stock.look(clock.now())
        self.stdout.write(summary(report))
        for line in problems(report.tally):
            self.stdout.write(line)


def summary(report: Reconciled) -> str:
    read = f"{plural(report.orders, 'order')} with {plural(report.lines, 'line')} read, {report.refunds:,} given back"
    if not report.written and not report.removed:
        return f"{read}; everything was there already."
    return f"{read}; {plural(report.written, 'row')} written, {report.removed:,} removed."
