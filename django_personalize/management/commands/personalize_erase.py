from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.management.people import add_person, person
from django_personalize.management.telling import interruptible, need_tables, plural
from django_personalize.privacy.erase import erase


class Command(BaseCommand):
    help = "Erases everything that is kept about a person, and keeps it from coming back. Safe to repeat."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_person(parser)
        parser.add_argument("--noinput", action="store_false", dest="interactive", help="Do not ask.")

    def handle(self, *args: Any, user: str | None = None, visitor: Any = None, **options: Any) -> None:
        need_tables()
        found = person(user, visitor)
        told = f"{plural(len(found.visitors), 'visitor')} and {plural(len(found.orders), 'order')}"
        if options["interactive"]:
            self.stdout.write(f"{told}: all that is kept of them here is erased. It cannot be undone.")
            if input("Erase? [y/N] ").strip().lower() != "y":
                raise CommandError("Nothing was erased.")
        try:
            with interruptible():
                ended = erase(found)
        except TimeoutError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{told}: {plural(sum(ended.values()), 'row')} erased.")
