from __future__ import annotations

import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from django_personalize.events.vocabulary import KINDS
from django_personalize.management.advice import EXPECTED, advice
from django_personalize.management.captured import Watch, grouped, live, seen, table
from django_personalize.management.standing import findings, standing
from django_personalize.management.telling import found, need_shop, need_tables, said

EVERY_SECONDS = 0.5
MOST_AT_ONCE = 20
"""Events of one look that are printed each; a sync may store thousands."""


class Command(BaseCommand):
    help = (
        "Shows what is captured and what is missing. With --follow it prints each event as it is stored, until Ctrl-C: "
        "open the shop in a browser, and look. It names no person."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--follow", action="store_true", help="Print each event as it is stored, until Ctrl-C.")
        parser.add_argument("--seconds", type=float, metavar="N", help="Follow for so long, then end.")

    def handle(self, *args: Any, follow: bool = False, seconds: float | None = None, **options: Any) -> None:
        need_tables()
        need_shop()
        followed: set[str] | None = None
        with suppress(KeyboardInterrupt):
            self._summary()
            if follow or seconds is not None:
                followed = set()
                self._follow(seconds, followed)
        self._end(followed)

    def _summary(self) -> None:
        for line in table(seen()):
            self.stdout.write(line)
        self.stdout.write("")
        for line in standing():
            self.stdout.write(line)
        self._list("Findings of the last 7 days:", findings())
        self._list("The system checks say:", map(said, found()))

    def _follow(self, seconds: float | None, followed: set[str]) -> None:
        """Print what arrives, and add its kinds to `followed`."""
        watch = Watch()
        until = None if seconds is None else time.monotonic() + seconds
        self.stdout.write("\nFollowing; Ctrl-C ends it.")
        self.stdout.flush()
        while until is None or time.monotonic() < until:
            new = grouped(watch.new())
            followed.update(kind for _moment, kind, _what in new)
            for moment, kind, what in new[:MOST_AT_ONCE]:
                self.stdout.write(f"{timezone.localtime(moment):%H:%M:%S}  {kind:<18} {what}".rstrip())
            if len(new) > MOST_AT_ONCE:
                self.stdout.write(f"          and {len(new) - MOST_AT_ONCE:,} more")
            self.stdout.flush()
            time.sleep(EVERY_SECONDS)

    def _end(self, followed: set[str] | None) -> None:
        known = live(seen()) | (followed or set())
        if followed is not None:
            self.stdout.write(f"\nSeen while following: {_listed(followed)}.")
        else:
            self.stdout.write("")
        self.stdout.write(f"Seen live in the last 7 days: {_listed(known)}.")
        self._list("Not seen in the last 7 days, and what to do about each:", advice(set(KINDS) - known))

    def _list(self, title: str, lines: Any) -> None:
        told = list(lines)
        if told:
            self.stdout.write(f"\n{title}")
            for line in told:
                self.stdout.write(line if line.startswith(" ") else f"  {line}")


def _listed(kinds: set[str]) -> str:
    return ", ".join(kind for kind in EXPECTED if kind in kinds) or "nothing yet"
