from __future__ import annotations

import math
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.exceptions import AccountsMissing
from django_personalize.management.telling import interruptible, need_tables
from django_personalize.privacy.departed import sweep_accounts
from django_personalize.privacy.retention import purge


class Command(BaseCommand):
    help = (
        "Deletes what is older than RETENTION allows, and what is kept of accounts that the shop no longer has. "
        "Safe to repeat and to interrupt."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--accounts-deleted",
            action="store_true",
            help="The shop has deleted all accounts that are missing, however many they are: erase those people.",
        )

    def handle(self, *args: Any, accounts_deleted: bool = False, **options: Any) -> None:
        need_tables()
        accounts, doubt = 0, None
        with interruptible():
            gone = purge(seconds=math.inf)
            try:
                accounts = sweep_accounts(believed=accounts_deleted)
            except AccountsMissing as found:
                doubt = found
        told = [f"{count:,} {name.replace('_', ' ')}" for name, count in gone.items()]
        if accounts:
            told.append(f"{accounts:,} accounts that the shop no longer has")
        self.stdout.write(f"Deleted: {', '.join(told)}." if told else "Nothing is older than it may be.")
        if doubt is not None:
            raise CommandError(str(doubt))
