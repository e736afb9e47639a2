"""Fill the shop with its real stock and orders."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from example_shop.shop.demo_accounts import ADMIN, DEMO_ACCOUNTS
from example_shop.shop.loading import ShopNotEmpty, load


class Command(BaseCommand):
    help = "Loads the real stock and orders of a gift shop, or moves the dates of a loaded shop on to this week."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--replace",
            action="store_true",
            help="empty the shop first; this deletes every order in it, those placed here included",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def say(message: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"{message} …")

        try:
            report = load(progress=say, replace=options["replace"])
        except ShopNotEmpty as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["verbosity"]:
            self.stdout.write(report.text())
            for account in (*DEMO_ACCOUNTS, ADMIN):
                self.stdout.write(f"  log in as {account.username} / {account.password}: {account.taste}")
