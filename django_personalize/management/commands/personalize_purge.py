from __future__ import annotations

import math
from typing import Any

from django.core.management.base import BaseCommand

from django_personalize.management.telling import interruptible, need_tables
from django_personalize.privacy.departed import sweep_accounts
from django_personalize.privacy.retention import purge


class Command(BaseCommand):
    help = (
        "Deletes what is older than RETENTION allows, and what is kept of accounts that the shop no longer has. "
        "Safe to repeat and to interrupt."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        need_tables()
        with interruptible():
            gone = purge(seconds=math.inf)
            accounts = sweep_accounts()
        told = [f"{count:,} {name.replace('_', ' ')}" for name, count in gone.items()]
        if accounts:
            told.append(f"{accounts:,} accounts that the shop no longer has")
        self.stdout.write(f"Deleted: {', '.join(told)}." if told else "Nothing is older than it may be.")
