from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max, Min, Sum

from django_personalize.events.quarantine import REASONS, replay
from django_personalize.management.telling import day, interruptible, need_tables, plural
from django_personalize.models import Quarantined


class Command(BaseCommand):
    help = (
        "Lists what was acknowledged and could not be stored, by reason. With --replay it is tried again, as after a "
        "mistake in the data's way has been mended."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--replay", action="store_true", help="Try it again; what cannot be stored yet stays.")
        parser.add_argument("--reason", choices=sorted(REASONS), help="Only what was set aside for this reason.")

    def handle(self, *args: Any, **options: Any) -> None:
        need_tables()
        rows = Quarantined.objects.all()
        if options["reason"]:
            rows = rows.filter(reason=options["reason"])
        if not rows.exists():
            self.stdout.write("Nothing is in quarantine.")
            return
        if options["replay"]:
            with interruptible():
                done = replay(rows.values_list("pk", flat=True))
            self.stdout.write(f"{plural(done.tried, 'row')} tried, {plural(done.ended, 'fact')} left quarantine.")
            if rows.exists():
                raise CommandError(f"{plural(rows.count(), 'row')} cannot be stored yet.")
            return
        found = rows.values("reason").annotate(n=Sum("facts"), first=Min("arrived_at"), last=Max("arrived_at"))
        for row in found.order_by("reason"):
            since = f"{day(row['first'])} to {day(row['last'])}"
            self.stdout.write(f"  {row['reason']}: {row['n']:,} ({since}). {REASONS.get(row['reason'], '')}".rstrip())
