"""Everything that is kept about a person, as JSON: every row, every column, with the names of the tables' fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.privacy.erase import drain
from django_personalize.privacy.interests import insight
from django_personalize.privacy.person import Person
from django_personalize.privacy.register import REGISTER, AboutPeople

SCHEMA = 1
"""Raised where a reader of an earlier export would misread a later one."""


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, bytes | memoryview):
            raw = bytes(o)
            try:
                return raw.decode()  # a line of JSON
            except UnicodeDecodeError:
                return raw.hex()
        return super().default(o)


def export(person: Person) -> Iterator[str]:
    """Yield the document in parts, so that a long history needs no memory. What waits on this host is stored first.

    `complete` is false where that could not be done in time: then facts of the last moments may be missing.
    """
    complete = drain()
    head = {
        "schema": SCHEMA,
        "exported_at": clock.now(),
        "complete": complete,
        "account": person.account,
        "kept_for_days": settings.RETENTION,
        "interests": _interests(person),
    }
    yield _json(head)[:-1]
    for entry in REGISTER.values():
        if isinstance(entry, AboutPeople):
            yield f', "{entry.section}": ['
            rows = entry.rows(person).values(
                *(field.attname for field in entry.rows(person).model._meta.concrete_fields)
            )
            for number, row in enumerate(rows.iterator(chunk_size=1_000)):
                yield ("" if number == 0 else ",") + "\n" + _json(row)
            yield "]"
    yield "}\n"


def _interests(person: Person) -> dict[str, Any]:
    found = insight(person)
    return {
        "categories": found.categories,
        "brands": found.brands,
        "reasons": [{"item": why.title, "reason": why.reason, "shown_at": why.at} for why in found.reasons],
    }


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False)
