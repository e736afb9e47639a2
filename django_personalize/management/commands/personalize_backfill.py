from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_personalize.capture.orders import reconcile
from django_personalize.management.progress import Progress


class Command(BaseCommand):
    help = "Reads the shop's orders through the mapping. Safe to repeat: only what is new or changed is written."

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress(self.stdout, "Order lines") as progress:
            report = reconcile(progress=progress.update)
        self.stdout.write(
            f"{report.orders:,} orders with {report.lines:,} lines read, {report.refunds:,} lines given back; "
            f"{report.written:,} rows written, {report.removed:,} removed, {report.refused:,} lines refused."
        )
