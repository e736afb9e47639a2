from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive

from django_personalize.core import clock
from django_personalize.exceptions import PersonalizeError
from django_personalize.management.progress import Progress
from django_personalize.management.telling import interruptible, need_shop, need_tables, plural
from django_personalize.management.writable import writing
from django_personalize.segments.membership import Census, Changes, census, refresh
from django_personalize.segments.prices import LIST
from django_personalize.segments.rules import SEGMENTS


class Command(BaseCommand):
    help = (
        "Finds who is in which segment, and says how many that are, and what cannot be known yet. "
        "With --as-of only says who was in it then, and stores nothing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=moment, help="A past day or moment, in UTC unless it says otherwise.")

    def handle(self, *args: Any, **options: Any) -> None:
        need_tables()
        need_shop()
        as_of = options["as_of"]
        try:
            with interruptible(), writing(), Progress(self.stdout, "People read") as progress:
                taken = census(as_of or clock.now(), progress.update)
                changes = None if as_of else refresh(taken)
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(told(taken, changes)))


def moment(given: str) -> datetime:
    """Return the moment that was written; of a day its end."""
    try:
        at = parse_datetime(given) if "T" in given or " " in given else None
        day = parse_date(given) if at is None else None
    except ValueError as error:
        raise ArgumentTypeError(f"{given!r} is no day: {error}") from error
    if day is not None:
        at = datetime.combine(day, time.max)
    if at is None:
        raise ArgumentTypeError(f"{given!r} is no day; wanted one such as 2026-03-01 or 2026-03-01T12:00.")
    return at.replace(tzinfo=UTC) if is_naive(at) else at


def told(taken: Census, changes: Changes | None) -> Iterator[str]:
    """Yield what was found, line by line."""
    features, usual = taken.features, taken.usual
    n = len(features)
    yield (
        f"As of {features.as_of:%Y-%m-%d %H:%M %Z}: {plural(n, 'person', 'people')} who say yes to personalization, "
        f"staff aside; {usual.buyers:,} kept an order."
    )
    if not np.isnan(usual.gap):
        yield f"Between two orders of one person usually lie {usual.gap:.0f} days ({usual.repeaters:,} people)."
    if not np.isnan(usual.reduced):
        source = "the list prices" if features.judged_by == LIST else "the items' own price history, for want of any"
        yield f"Usually {usual.reduced:.0%} of a person's lines are below the list price, by {source}."
    if taken.scores.bands > 1:
        best = np.logical_and.reduce(
            [each == taken.scores.bands for each in (taken.scores.recency, taken.scores.frequency, taken.scores.money)]
        ).sum()
        yield f"Recency, frequency, money in {taken.scores.bands} bands: {best:,} stand highest in all three."
    else:
        yield "Recency, frequency and money are not banded yet: too few people have kept an order."
    yield ""
    width = max(len(segment.slug) for segment in SEGMENTS)
    for segment in SEGMENTS:
        waits = segment.waits(usual)
        size = int(taken.masks[segment.slug].sum())
        figures = f"{size:>9,}  {size / n if n else 0.0:>6.1%}"
        yield f"{segment.slug:<{width}}  {f'not known yet: {waits}' if waits else figures}"
    if n:
        anywhere = np.logical_or.reduce(list(taken.masks.values())).sum()
        yield f"{'in none':<{width}}  {n - anywhere:>9,}  {(n - anywhere) / n:>6.1%}"
    yield ""
    if changes is None:
        yield "Nothing is stored of a look into the past. Of the answers, only today's are known."
    else:
        yield (
            f"Memberships: {changes.began.total():,} began, {changes.stayed.total():,} stayed, "
            f"{changes.ended.total():,} ended."
        )
