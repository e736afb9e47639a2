from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.exceptions import NothingNew, PersonalizeError
from django_personalize.management import reporting
from django_personalize.management.progress import Progress
from django_personalize.management.telling import interruptible, need_shop, need_tables
from django_personalize.management.writable import writing
from django_personalize.models.training_run import AskedBy
from django_personalize.training import refresh as refreshing
from django_personalize.training.run import train


class Command(BaseCommand):
    help = (
        "Learns from what is stored, evaluates on held-out days, and publishes if the gate lets it. With --refresh it "
        "only brings popularity and neighbours up to now, in seconds."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--refresh",
            action="store_true",
            help="Keep the live model's weights; nothing is done where nothing is new.",
        )
        # For a process that the admin started.
        parser.add_argument("--asked-by", choices=AskedBy.values, default=AskedBy.COMMAND.value, help=SUPPRESS)

    def handle(self, *args: Any, refresh: bool = False, asked_by: str = AskedBy.COMMAND, **options: Any) -> None:
        need_tables()
        need_shop()
        work = refreshing.refresh if refresh else train
        try:
            with interruptible(), writing(), Progress(self.stdout) as progress:
                version = work(progress=progress.stage, asked_by=asked_by)
        except NothingNew as error:
            self.stdout.write(str(error))
            return
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Model {reporting.model(version)}")
