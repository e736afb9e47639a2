from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.exceptions import PersonalizeError
from django_personalize.management.progress import Progress
from django_personalize.training.run import train


class Command(BaseCommand):
    help = "Learns from what is stored, evaluates on held-out days, and publishes if the gate lets it."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Progress(self.stdout) as progress:
                version = train(progress=progress.stage)
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Model {version.pk} is {version.status} after {version.seconds:.0f} s. {version.verdict}")
