from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.artifacts.promote import promote, shadow, unpin
from django_personalize.exceptions import ArtifactError
from django_personalize.management import reporting
from django_personalize.management.telling import need_tables
from django_personalize.models import ModelVersion

LISTED = 10


class Command(BaseCommand):
    help = (
        "Makes a version live, whatever the gate said of it; with --pin it stays live, and what is learnt from then on "
        "becomes a candidate, until --unpin. With --shadow it is only measured. Without a number it lists the newest."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", nargs="?", type=int, help="The version's number.")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--pin", action="store_true", help="Keep it live until --unpin.")
        how.add_argument("--shadow", action="store_true", help="Measure it at each training, and show it to nobody.")
        how.add_argument("--unpin", action="store_true", help="Let the next good version take over again.")

    def handle(self, *args: Any, number: int | None = None, **options: Any) -> None:
        need_tables()
        if options["unpin"]:
            if number is not None:
                raise CommandError("--unpin takes no number: at most one version is pinned.")
            self._unpin()
            return
        if number is None:
            if options["pin"] or options["shadow"]:
                raise CommandError("Which version? Without a number the newest ones are listed.")
            self._list()
            return
        version = reporting.version(number)
        held = ModelVersion.objects.filter(pinned=True).exclude(pk=number).first()
        try:
            if options["shadow"]:
                shadow(version)
                self.stdout.write(
                    f"Version {number} is the shadow: it is shown to nobody, and measured at each training."
                )
                return
            promote(version, pin=options["pin"])
        except ArtifactError as error:
            raise CommandError(str(error)) from error
        for said in reporting.went_live(version, held):
            self.stdout.write(said)

    def _unpin(self) -> None:
        version = unpin()
        if version is None:
            self.stdout.write("No version is pinned.")
        else:
            self.stdout.write(f"Version {version.pk} is pinned no more: the next good one takes its place.")

    def _list(self) -> None:
        versions = ModelVersion.objects.all()[:LISTED]
        if not versions:
            self.stdout.write("There is no version yet: run manage.py personalize_train.")
        for version in versions:
            pinned = ", pinned" if version.pinned else ""
            learnt = f"refresh of {version.weights_of_id}" if version.weights_of_id else "full"
            self.stdout.write(f"  {version.pk}  {version.status}{pinned}  {learnt}, {version.as_of:%Y-%m-%d %H:%M}")
            self.stdout.write(f"      {version.verdict}")
