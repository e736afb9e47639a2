"""Whom a command is about."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from uuid import UUID

from django.core.management.base import CommandError

from django_personalize.privacy.person import Person, of_account, of_visitor


def visitor_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no visitor's id; wanted 32 hex digits.") from None


def add_person(parser: ArgumentParser) -> None:
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", metavar="KEY", help="The account, by the shop's own key of it.")
    whom.add_argument(
        "--visitor", type=visitor_id, metavar="ID", help="A browser's visitor; where they have an account, all of it."
    )


def person(user: str | None, visitor: UUID | str | None) -> Person:
    """Return whom the arguments name; ends the command where a visitor's id names nobody."""
    if user:
        return of_account(str(user))
    try:
        found = of_visitor(UUID(str(visitor)))
    except ValueError:
        raise CommandError(f"{visitor!r} is no visitor's id; wanted 32 hex digits.") from None
    if not found:
        raise CommandError(f"Nothing is kept under {visitor}: there never was such a visitor, or they were erased.")
    return found
