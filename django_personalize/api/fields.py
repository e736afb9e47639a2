"""The values of a feed, each checked by itself: a `help_text` says what is wanted, and an error repeats it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from django_personalize.api.refusals import NOTHING, shown
from django_personalize.core import clock
from django_personalize.shop.keys import LONGEST

MOST_FAULTS = 10
"""Unknown names of one record, or faults of one order, that are told: who sends more has made one mistake often."""
MOST = 2**31 - 1
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SKEW = timedelta(days=1)
"""How far ahead of ours the other server's clock may be."""
_PRICE = re.compile(r"([0-9]{1,14}(?:\.[0-9]{1,4})?) ?([A-Z]{3})")

Problem = dict[str, Any]


class Record(serializers.Serializer[Any]):
    """One thing of a batch. Reused for every thing, as building its fields costs more than checking them."""

    exact = True
    """Whether a name that is not a field is an error; a product feed has many more than we read."""

    def check(self, data: object) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values, and what is wrong as {"name", "found", "wanted"} each; values only where nothing is."""
        if not isinstance(data, Mapping):
            return {}, [problem("", data, f"an object with {', '.join(self.fields)}")]
        unknown = (name for name in data if self.exact and name not in self.fields)
        found = [self._unknown(name, data) for name in islice(unknown, MOST_FAULTS)]
        try:
            values = self.run_validation(data)
        except serializers.ValidationError as error:
            names = map(str, error.detail)  # a dict by field, since its own values were refused
            return {}, [*found, *(problem(name, data.get(name, ...), self._wanted(name)) for name in names)]
        return ({}, found) if found else (dict(values), [])

    def _wanted(self, name: str) -> str:
        return str(self.fields[name].help_text)

    def _unknown(self, name: str, data: Mapping[str, Any]) -> Problem:
        close = get_close_matches(name, list(self.fields), n=1)
        wanted = f"no such name; did you mean {close[0]!r}?" if close else f"one of {', '.join(self.fields)}"
        return problem(name[:LONGEST], data[name], wanted)


def invalid() -> NoReturn:
    """Refuse a value; what was wanted is the field's `help_text`."""
    raise serializers.ValidationError("")


def problem(name: str, value: object, wanted: str) -> Problem:
    """Return what is wrong with one value; `...` stands for none."""
    return {"name": name, "found": NOTHING if value is ... else shown(value), "wanted": wanted}


class Key(serializers.CharField):
    """An id of the other shop's: text, or a whole number that is taken as text."""

    def __init__(self, what: str, **options: Any) -> None:
        wanted = f"{what}: 1 to {LONGEST} printable characters"
        super().__init__(max_length=LONGEST, help_text=wanted, **options)

    def to_internal_value(self, data: Any) -> str:
        # Its base takes whole numbers too, refuses truths, and is typed for text.
        value = super().to_internal_value(cast("str", data)) if isinstance(data, str | int) else invalid()
        return value if value.isprintable() else invalid()


class Opaque(Key):
    """A person's id: nothing that says who they are."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        return invalid() if "@" in value else value


class Link(serializers.CharField):
    """An address that a card may link to: a script's is none."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        if not value:
            return value
        try:
            parts = urlsplit(value)
        except ValueError:
            invalid()
        absolute = parts.scheme in ("http", "https") and parts.netloc
        local = not parts.scheme and not parts.netloc and value.startswith("/")
        if not value.isprintable() or " " in value or "\\" in value or not (absolute or local):
            invalid()
        return value


class Price(serializers.Field[tuple[Decimal, str], Any, Any, Any]):
    """An amount with its currency in one text, as merchants' feeds have it."""

    def to_internal_value(self, data: Any) -> tuple[Decimal, str]:
        found = _PRICE.fullmatch(data.strip()) if isinstance(data, str) else None
        return (Decimal(found[1]), found[2]) if found else invalid()


class Moment(serializers.Field[datetime, Any, Any, Any]):
    """A time that says in which zone it is."""

    def __init__(self, what: str, **options: Any) -> None:
        super().__init__(help_text=f"{what}, as 2026-03-01T12:00:00Z, with its zone, from 1990 to now", **options)

    def to_internal_value(self, data: Any) -> datetime:
        moment = None
        try:
            found = parse_datetime(data) if isinstance(data, str) else None
            if found is not None and found.tzinfo is not None:
                moment = found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        if moment is not None and EARLIEST <= moment <= clock.now() + SKEW:
            return moment
        invalid()


class Word(serializers.Field[str, Any, Any, Any]):
    """One of a few words; case does not matter, and a blank counts as an underscore."""

    def __init__(self, *words: str, **options: Any) -> None:
        self.words = words
        super().__init__(help_text=f"one of {', '.join(words)}", **options)

    def to_internal_value(self, data: Any) -> str:
        word = data.strip().lower().replace(" ", "_") if isinstance(data, str) else ""
        return word if word in self.words else invalid()


def text(length: int, *, needed: bool = False) -> serializers.CharField:
    wanted = f"a text of {'1' if needed else 'at most'}{' to' if needed else ''} {length} characters"
    return serializers.CharField(
        max_length=length, required=needed, allow_blank=not needed, allow_null=not needed, help_text=wanted
    )


def link(*, needed: bool = False) -> Link:
    wanted = "an address of at most 2000 characters that begins with https://, http:// or /"
    return Link(max_length=2000, required=needed, allow_blank=not needed, allow_null=not needed, help_text=wanted)


def price() -> Price:
    return Price(required=False, allow_null=True, help_text='an amount and a currency, as "2.50 GBP"')


def amount() -> serializers.DecimalField:
    wanted = 'an amount of at most four decimals, 0 or more, as "2.50"'
    return serializers.DecimalField(
        max_digits=18, decimal_places=4, min_value=0, required=False, allow_null=True, help_text=wanted
    )


def count(least: int, **options: Any) -> serializers.IntegerField:
    wanted = f"a whole number from {least} to {MOST}"
    return serializers.IntegerField(min_value=least, max_value=MOST, help_text=wanted, **options)
