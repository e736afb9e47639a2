"""How commands say things: counts, dates, problems by name, and what is wrong with the set-up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core import checks
from django.core.checks import CheckMessage
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.utils import timezone

from django_personalize.conf import DEFAULTS, settings
from django_personalize.core.tally import Tally
from django_personalize.models import Event
from django_personalize.shop.problems import PROBLEMS

INTERRUPTED = "Interrupted. Nothing is half done: run the command again and it goes on from here."
NEXT_IS_SETUP = "Run manage.py personalize_setup: it proposes what to put into the settings."


def described() -> bool:
    """Whether the settings say anything of the shop, right or wrong."""
    return bool(DEFAULTS["SHOP"] != settings.SHOP or settings.PRODUCT or settings.ORDER_LINES)


@contextmanager
def interruptible() -> Iterator[None]:
    """End the command in words at Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(INTERRUPTED, returncode=130) from None


def need_tables() -> None:
    """End the command where `migrate` has not run yet, or the database does not answer."""
    try:
        tables = connection.introspection.table_names()
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {error}") from error
    if Event._meta.db_table not in tables:
        raise CommandError("The tables are not there yet: run manage.py migrate first.")


def need_shop() -> None:
    """End the command where nothing, or something wrong, is said of the shop."""
    if not described():
        raise CommandError(f"Nothing is known of the shop yet. {NEXT_IS_SETUP}")
    wrong = errors(found())
    if wrong:
        told = ["The settings cannot be used as they stand.", *map(said, wrong)]
        raise CommandError("\n".join([*told, "manage.py personalize_setup --propose shows what would fit this shop."]))


def found() -> list[CheckMessage]:
    """Return what the system checks say of personalisation."""
    return [message for message in checks.run_checks(tags=["personalize"]) if not message.is_silenced()]


def errors(messages: Iterable[CheckMessage]) -> list[CheckMessage]:
    return [message for message in messages if message.level >= checks.ERROR]


def said(message: CheckMessage) -> str:
    hint = f"\n    {message.hint}" if message.hint else ""
    return f"  {message.id}  {message.msg}{hint}"


def problems(tally: Tally) -> Iterator[str]:
    """Yield a line for each problem: its name, how often, where first, and what it means."""
    for name, count in sorted(tally.counts.items(), key=lambda entry: (-entry[1], entry[0])):
        first = (
            f" (first: order line {sample})"
            if (sample := tally.samples.get(name, "").removeprefix("order line "))
            else ""
        )
        yield f"  {name}: {count:,}{first}. {PROBLEMS.get(name, '')}".rstrip()


def day(moment: datetime) -> str:
    return timezone.localtime(moment).date().isoformat()


def plural(count: int, noun: str, many: str = "") -> str:
    return f"{count:,} {noun if count == 1 else many or f'{noun}s'}"
