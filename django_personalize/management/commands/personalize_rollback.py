from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.artifacts.promote import promote, roll_back
from django_personalize.exceptions import ArtifactError
from django_personalize.management import reporting
from django_personalize.management.telling import need_tables
from django_personalize.models import ModelVersion


class Command(BaseCommand):
    help = (
        "Makes the version that was live before the present one live again, or the one that --to names. Nothing is "
        "learnt. With --pin it stays live, until personalize_promote --unpin."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=int, metavar="N", help="The number of the version to go back to.")
        parser.add_argument("--pin", action="store_true", help="Keep it live: the next training does not replace it.")

    def handle(self, *args: Any, to: int | None = None, pin: bool = False, **options: Any) -> None:
        need_tables()
        held = ModelVersion.objects.filter(pinned=True).first()
        try:
            if to is None:
                version = roll_back(pin=pin)
            else:
                version = reporting.version(to)
                if version.status != ModelVersion.Status.RETIRED:
                    raise CommandError(
                        f"Version {to} is {version.status}, so there is no going back to it: "
                        f"personalize_promote {to} makes any version live."
                    )
                version = promote(version, pin=pin)
        except ArtifactError as error:
            raise CommandError(str(error)) from error
        for said in reporting.went_live(version, held):
            self.stdout.write(said)
        if not pin:
            self.stdout.write("The next training may replace it; with --pin it would stay.")
