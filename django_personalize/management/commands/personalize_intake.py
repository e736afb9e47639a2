from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand

from django_personalize.events.intake import Account, account
from django_personalize.management.telling import need_tables


class Command(BaseCommand):
    help = (
        "Says what came in and what became of it; ends with 1 where the sum does not close, which would be a mistake "
        "of ours: please report it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="The same as one object, for a monitor.")

    def handle(self, *args: Any, **options: Any) -> None:
        need_tables()
        found = account()
        self.stdout.write(json.dumps(told(found)) if options["json"] else "\n".join(lines(found)))
        if found.difference:
            sys.exit(1)


def told(found: Account) -> dict[str, Any]:
    return {
        "received": found.received,
        "stored": found.stored,
        "duplicate": found.duplicate,
        "refused": found.refused,
        "quarantined": found.quarantined,
        "erased": found.erased,
        "waiting": found.waiting,
        "difference": found.difference,
    }


def lines(found: Account) -> list[str]:
    """Return the sum as a person reads it."""
    rows: list[tuple[str, int]] = [("received", found.received), ("stored", found.stored)]
    rows += [("duplicate", found.duplicate), *_by_reason("refused", found.refused)]
    rows += [*_by_reason("quarantined", found.quarantined), ("erased", found.erased), ("waiting", found.waiting)]
    width = max(len(name) for name, _ in rows)
    text = [f"{name:<{width}}  {count:>12,}" for name, count in rows]
    if found.difference:
        return [*text, f"The sum does not close: {found.difference:,} facts have come to no end."]
    return [*text, "The sum closes."]


def _by_reason(name: str, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(name, sum(counts.values())), *((f"  {reason}", count) for reason, count in counts.items())]
