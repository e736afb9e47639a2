from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.consent.ledger import PROBLEMS, verify
from django_personalize.management.telling import need_tables, plural

MOST_NAMED = 20


class Command(BaseCommand):
    help = (
        "Verifies the consent ledger, record by record, and prints its head. Keep the head outside of this database, "
        "and give it as --expect later: nobody can then have cut the end off. Names no person."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--expect", metavar="HEAD", default="", help="A head that was printed earlier.")

    def handle(self, *args: Any, expect: str = "", **options: Any) -> None:
        if expect and not re.fullmatch(r"\d+:[0-9a-f]{64}", expect):
            raise CommandError(f"{expect!r} is no head; wanted what this command printed earlier, such as 12:9f86....")
        need_tables()
        found = verify(expected=expect)
        counted = f"{plural(found.records, 'record')}, {found.erased:,} of them erased."
        if found.wrong:
            told = [f"Record {each.number}: {PROBLEMS[each.problem]}" for each in found.wrong[:MOST_NAMED]]
            more = [f"and {len(found.wrong) - MOST_NAMED:,} more"] if len(found.wrong) > MOST_NAMED else []
            raise CommandError("\n".join([counted, *told, *more, f"Head: {found.head}"]))
        self.stdout.write(f"{counted} All verify.")
        self.stdout.write(f"Head: {found.head}")
