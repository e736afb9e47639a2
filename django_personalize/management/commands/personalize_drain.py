from __future__ import annotations

import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from django_personalize.conf import settings
from django_personalize.events import background, intake
from django_personalize.management.telling import interruptible, need_tables, plural

AWAY_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Brings what waits on its way into the database: once, or with --follow until it is stopped, as a service of "
        "its own. Safe to kill and to run beside others: one at a time does the work."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--follow", action="store_true", help="Go on until Ctrl-C or SIGTERM.")

    def handle(self, *args: Any, follow: bool = False, **options: Any) -> None:
        if not hasattr(settings.sink, "drain"):
            self.stdout.write("This sink stores at once: there is nothing to drain.")
            return
        if follow:
            self._follow()
            return
        need_tables()
        with interruptible():
            before = intake.account()
            settings.sink.drain()
            after = intake.account()
        stored = plural(after.stored - before.stored, "fact")
        self.stdout.write(f"{stored} stored; {after.waiting:,} waiting.")

    def _follow(self) -> None:
        """Drain and do the chores; a database that is away is waited for."""
        signal.signal(signal.SIGTERM, _stop)
        self.stdout.write("Draining; Ctrl-C ends it.")
        self.stdout.flush()
        away = False
        try:
            while True:
                wait = background.EVERY_SECONDS
                try:
                    background.once()
                    if away:
                        self.stdout.write("The database is back.")
                    away = False
                except Error as error:
                    connection.close()
                    wait = AWAY_SECONDS
                    if not away:
                        self.stderr.write(f"The database does not take anything; what waits, waits: {error}")
                    away = True
                time.sleep(wait)
        except KeyboardInterrupt:
            raise CommandError("Ended. What waits is stored by the next drainer.", returncode=0) from None


def _stop(*args: Any) -> None:
    raise KeyboardInterrupt
