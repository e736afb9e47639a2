from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.attribution.attribute import Attributed, attribute
from django_personalize.exceptions import PersonalizeError
from django_personalize.management.progress import Progress
from django_personalize.management.telling import interruptible, need_tables, plural


class Command(BaseCommand):
    help = (
        "Ties what was bought to the clicks in placements that led to it, so that every placement has its revenue. "
        "Safe to repeat and to interrupt."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rebuild", action="store_true", help="Look at all that was ever bought, not only at what is new."
        )

    def handle(self, *args: Any, rebuild: bool = False, **options: Any) -> None:
        need_tables()
        try:
            with interruptible(), Progress(self.stdout, "Orders read") as progress:
                report = attribute(rebuild=rebuild, progress=progress.update)
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(told(report))


def told(report: Attributed) -> str:
    """Say what was looked at and what changed."""
    looked = f"{plural(report.orders, 'order')} looked at, {plural(report.credited, 'line')} of them credited"
    if not report.written and not report.removed:
        return f"{looked}. All was there already."
    return f"{looked}: {plural(report.written, 'credit')} written, {report.removed:,} removed."
