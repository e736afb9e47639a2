from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.capture.orders import reconcile
from django_personalize.conf import settings
from django_personalize.exceptions import NotEnoughData, TrainingRunning
from django_personalize.management import checking, reporting
from django_personalize.management.progress import Progress
from django_personalize.management.proposing import propose
from django_personalize.management.questions import Questions
from django_personalize.management.telling import described, interruptible, need_shop, need_tables, problems
from django_personalize.management.writable import Unwritable, writing
from django_personalize.models import ModelVersion
from django_personalize.training.run import train

PASTE = (
    "Nothing is set up yet. Paste the block into the settings, look it over, and run this command again;\n"
    "manage.py personalize_setup --check then says what is missing or wrong."
)


class Command(BaseCommand):
    help = (
        "Makes the shop personal. Where nothing is said of the shop yet, proposes the mapping, ready to paste; else "
        "makes the banner's purposes, reads the past orders, learns, and reports. Safe to repeat and to interrupt."
    )
    requires_system_checks: list[str] = []
    stealth_options = ("stdin",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--check", action="store_true", help="Change nothing: say what is set, missing and wrong.")
        only.add_argument("--propose", action="store_true", help="Only propose, even where a mapping is set.")
        parser.add_argument(
            "--noinput", "--no-input", action="store_true", help="Ask nothing; what is guessed is marked."
        )
        parser.add_argument("--lines", metavar="APP.MODEL", default="", help="Propose from this model of order lines.")

    def handle(self, *args: Any, **options: Any) -> None:
        questions = Questions(options.get("stdin") or sys.stdin, self.stdout)
        questions.asks = questions.asks and not options["noinput"]
        if options["check"] and options["lines"]:
            raise CommandError("--lines names a table to propose from, and --check proposes nothing: leave one out.")
        with interruptible():
            if options["check"]:
                self._check()
            elif options["propose"] or (options["lines"] and described()):
                propose(questions, self.stdout, label=options["lines"])
            elif described():
                self._set_up()
            else:
                propose(questions, self.stdout, label=options["lines"])
                self.stdout.write(f"\n{PASTE}")
                sys.exit(1)

    def _check(self) -> None:
        need_tables()
        good = checking.check(self.stdout)
        if not good:
            sys.exit(1)

    def _set_up(self) -> None:
        need_tables()
        need_shop()
        made = settings.consent.prepare()
        self.stdout.write(f"Purposes made: {', '.join(made)}." if made else "The banner has its purposes already.")
        with Progress(self.stdout, "Order lines") as progress:
            read = reconcile(progress=progress.update)
        wrong = ""
        version: ModelVersion | str
        try:
            version = self._train()
        except Unwritable as reason:
            version = wrong = f"Wrong: {reason}"
        reporting.report(self.stdout, read, version)
        for line in problems(read.tally):
            self.stdout.write(line)
        if wrong:
            sys.exit(1)

    def _train(self) -> ModelVersion | str:
        """Return the new version, or why there is none."""
        try:
            with writing(), Progress(self.stdout) as progress:
                return train(progress=progress.stage)
        except NotEnoughData as reason:
            return f"{reason} Train again when there are orders: manage.py personalize_train"
        except TrainingRunning as reason:
            return str(reason)
