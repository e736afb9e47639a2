from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from django_personalize.management.people import add_person, person
from django_personalize.management.telling import interruptible, need_tables
from django_personalize.privacy.export import export


class Command(BaseCommand):
    help = "Prints everything that is kept about a person, as one JSON document."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_person(parser)

    def handle(self, *args: Any, user: str | None = None, visitor: Any = None, **options: Any) -> None:
        need_tables()
        with interruptible():
            for part in export(person(user, visitor)):
                self.stdout.write(part, ending="")
