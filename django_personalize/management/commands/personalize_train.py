from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.exceptions import PersonalizeError
from django_personalize.management import reporting
from django_personalize.management.progress import Progress
from django_personalize.management.telling import interruptible, need_shop, need_tables
from django_personalize.management.writable import writing
from django_personalize.training.run import train


class Command(BaseCommand):
    help = "Learns from what is stored, evaluates on held-out days, and publishes if the gate lets it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        need_tables()
        need_shop()
        try:
            with interruptible(), writing(), Progress(self.stdout) as progress:
                version = train(progress=progress.stage)
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Model {reporting.model(version)}")
