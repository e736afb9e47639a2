from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from django_personalize.conf import settings
from django_personalize.exceptions import NotEnoughData
from django_personalize.management.progress import Progress
from django_personalize.training.run import train


class Command(BaseCommand):
    help = "Makes the shop personal: creates the banner's purposes, reads the past orders, learns. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        made = settings.consent.prepare()
        self.stdout.write(f"Purposes made: {', '.join(made)}." if made else "The banner has its purposes already.")
        call_command("personalize_backfill", stdout=self.stdout)
        try:
            with Progress(self.stdout) as progress:
                version = train(progress=progress.stage)
        except NotEnoughData as reason:
            self.stdout.write(f"{reason} Train again when there are orders: manage.py personalize_train")
            return
        self.stdout.write(f"Model {version.pk} is {version.status} after {version.seconds:.0f} s. {version.verdict}")
