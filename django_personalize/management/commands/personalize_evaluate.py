from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.exceptions import PersonalizeError
from django_personalize.management.evaluation_page import write
from django_personalize.management.progress import Progress
from django_personalize.management.telling import interruptible, need_shop, need_tables
from django_personalize.training import catalogue, dataset
from django_personalize.training.report import enough, report


class Command(BaseCommand):
    help = "Holds out the last days, learns without them, and says how well each way of ordering foretells them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, default=30.0, help="Days that are held out (30).")
        parser.add_argument("--seeds", type=int, default=1, help="How often the models are fitted anew (1).")
        parser.add_argument("--page", type=Path, help="Where to write the table and its curves as a page of HTML.")

    def handle(self, *args: Any, days: float, seeds: int, page: Path | None, **options: Any) -> None:
        need_tables()
        need_shop()
        if days <= 0 or seeds < 1:
            raise CommandError(f"--days {days:g} --seeds {seeds}: wanted more than 0 days and at least 1 seed.")
        try:
            with interruptible(), Progress(self.stdout) as progress:
                moment = clock.now()
                orders = dataset.load(moment)
                lacking = enough(orders, days)
                if lacking:
                    raise CommandError(lacking)
                found = report(
                    orders,
                    seeds=range(settings.SEED, settings.SEED + seeds),
                    shares=(1.0,),
                    window_days=days,
                    threads=settings.THREADS,
                    catalogue=catalogue.load(),
                    progress=progress.stage,
                )
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(found.table())
        if page is not None:
            write(page, found, moment.date())
            self.stdout.write(f"Written: {page}")
