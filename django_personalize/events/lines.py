"""A fact as one line of text: what the spool and the streams carry, checked strictly on the way out.

A line is `crc32 count json`. The count is the writer's own, of all facts that it has put down so far: whoever reads
the lines sees by it whether any is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID
from zlib import crc32

from django.db import models

from django_personalize.core.text import storable
from django_personalize.core.types import (
    CountDraft,
    DecisionDraft,
    Draft,
    EventDraft,
    GoneDraft,
    ImpressionDraft,
    Reason,
    RefusalDraft,
    Slot,
)
from django_personalize.models import DailyCount, Decision, Event, Impression, Intake

VERSION = 2
"""What is written in front of every fact. A reader leaves lines of a later version where they are, and gives what an
earlier one could not say its default: 2 added to a decision where it was made and whether anybody was drawn.
"""
BAD_FIELD = "bad_field"
NOT_A_FACT = "not_a_fact"
LONGEST_LINE = 1 << 20
"""Bytes; a decision of a whole homepage has ten thousand."""
_parse = json.JSONDecoder().decode
_to_json = json.JSONEncoder(separators=(",", ":")).encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Unreadable(ValueError):
    """A line that is whole and says nothing that can be stored."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Newer(Exception):
    """A line that a later version of this package has written: it is left for one that understands it."""


_COUNTED = (CountDraft, RefusalDraft, GoneDraft)


def facts_of(draft: Draft) -> int:
    """Return how many facts this is in the account of what came in."""
    return draft.count if isinstance(draft, _COUNTED) else 1


def encode(draft: Draft) -> bytes:
    """Return the fact as JSON in one line of ASCII, without the fields that have their defaults."""
    kind, read, names = _WRITTEN[type(draft)]
    told = {
        name: value if write is None else write(value)
        for (name, default, write), value in zip(names, read(draft), strict=True)
        if value is not default and value != default
    }
    return _to_json([VERSION, kind, told]).encode()


def framed(body: bytes, count: int) -> bytes:
    """Return the whole line; raises `ValueError` for one that no reader would take."""
    rest = b"%d %b" % (count, body)
    if len(rest) + 9 > LONGEST_LINE:
        raise ValueError(f"A fact of {len(body):,} bytes; at most {LONGEST_LINE:,} are stored.")
    return b"%08x %b\n" % (crc32(rest), rest)


def blanked(body: bytes) -> bytes:
    """Return JSON of the same length that says no more than how many facts stood here."""
    count = _count_of(body)
    bare = encode(GoneDraft(count=count, pad="-"))
    return encode(GoneDraft(count=count, pad="-" * max(len(body) - len(bare) + 1, 1)))


def _count_of(body: bytes) -> int:
    try:
        return facts_of(decode(body))
    except (Unreadable, Newer):
        return 1


def unframed(line: bytes) -> tuple[int, bytes] | None:
    """Return (count, JSON) of a line without its end; None where its checksum says that it is not what was written."""
    if line[8:9] != b" " or len(line) > LONGEST_LINE:
        return None
    rest = line[9:]
    try:
        if int(line[:8], 16) != crc32(rest):
            return None
        count, _, body = rest.partition(b" ")
        return int(count), body
    except ValueError:
        return None


def decode(body: bytes) -> Draft:
    """Return the fact; raises `Unreadable`, and `Newer` for what a later version wrote."""
    try:
        told = _parse(str(body, "utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable(NOT_A_FACT, "no JSON") from None
    if not isinstance(told, list) or len(told) != 3 or not isinstance(told[2], dict):
        raise Unreadable(NOT_A_FACT, "wanted [version, kind, fields]")
    version, kind, values = told
    if isinstance(version, int) and version > VERSION:
        raise Newer(f"version {version}")
    if not isinstance(kind, str) or kind not in _READ:
        raise Unreadable(NOT_A_FACT, "no kind of ours")
    make, readers, needed = _READ[kind]
    if not values.keys() <= readers.keys():
        raise Newer(f"{kind}.{min(values.keys() - readers.keys())}")
    if not values.keys() >= needed:
        raise Unreadable(BAD_FIELD, f"{kind}.{min(needed - values.keys())} is missing")
    found = {}
    for name, value in values.items():
        try:
            found[name] = readers[name](value)
        except (ValueError, TypeError, OverflowError, InvalidOperation, KeyError):
            raise Unreadable(BAD_FIELD, f"{kind}.{name}") from None
    draft: Draft = make(**found)
    return draft


def _moment(value: datetime) -> int:
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _hex(value: UUID) -> str:
    return value.hex


def _slot(slot: Slot) -> list[Any]:
    reason = slot.reason
    return [slot.slot, slot.item_key, slot.source, slot.score, slot.propensity, reason.code, reason.anchor, slot.block]


def _slots(slots: tuple[Slot, ...]) -> list[list[Any]]:
    return [_slot(slot) for slot in slots]


def _read_moment(value: Any) -> datetime:
    if type(value) is not int:
        raise ValueError
    return _EPOCH + value * _MICROSECOND


def _read_uuid(value: Any) -> UUID:
    if not isinstance(value, str) or len(value) != 32:
        raise ValueError
    return UUID(int=int(value, 16))


def _read_bool(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _read_day(value: Any) -> date:
    if not isinstance(value, str):
        raise ValueError
    return date.fromisoformat(value)


def _read_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and storable(each) for each in value):
        raise ValueError
    return tuple(value)


def _read_slots(value: Any) -> tuple[Slot, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(_read_slot(*each) for each in value)


def _read_slot(
    slot: Any, item_key: Any, source: Any, score: Any, propensity: Any, code: Any, anchor: Any, block: Any
) -> Slot:
    texts = [_text(limit)(text) for limit, text in ((64, item_key), (64, source), (64, code), (64, anchor))]
    return Slot(
        slot=_whole(1, 2**15 - 1)(slot),
        item_key=texts[0],
        source=texts[1],
        score=_real(score),
        propensity=_chance(propensity),
        reason=Reason(code=texts[2], anchor=texts[3]),
        block=_text(300)(block),
    )


def _text(longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise ValueError
        if value.isascii() and "\0" not in value:  # as almost all are
            return value
        if not storable(value):
            raise ValueError
        return value

    return read


def _whole(lowest: int, highest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not lowest <= value <= highest:
            raise ValueError
        return value

    return read


def _real(value: Any) -> float:
    if type(value) not in (int, float) or not -1e300 < value < 1e300:  # nan fails both comparisons
        raise ValueError
    return float(value)


def _chance(value: Any) -> float:
    """A propensity that is none would weigh its slot in every report to come."""
    if not 0 < _real(value) <= 1:
        raise ValueError
    return float(value)


def _money(value: Any) -> Decimal:
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 14:
        raise ValueError
    return round(amount, 4)


def _reader(model: type[models.Model], name: str) -> Callable[[Any], Any]:
    """Return what checks a value for the column that it is going to."""
    field: Any = model._meta.get_field(name)
    read = _typed(field)
    return (lambda value: None if value is None else read(value)) if field.null else read


def _typed(field: Any) -> Callable[[Any], Any]:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.UUIDField):
        return _read_uuid
    if isinstance(target, models.BooleanField):
        return _read_bool
    if isinstance(target, models.DateTimeField):
        return _read_moment
    if isinstance(target, models.DateField):
        return _read_day
    if isinstance(target, models.DecimalField):
        return _money
    if isinstance(target, models.PositiveSmallIntegerField):
        return _whole(0, 2**15 - 1)
    if isinstance(target, models.PositiveIntegerField):
        return _whole(0, 2**31 - 1)
    if isinstance(target, models.BigIntegerField):
        return _whole(-(2**63), 2**63 - 1)
    if isinstance(target, models.IntegerField):
        return _whole(-(2**31), 2**31 - 1)
    return _text(int(target.max_length or 0))


_WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "uid": _hex,
    "visitor_id": _hex,
    "decision_id": _hex,
    "occurred_at": _moment,
    "decided_at": _moment,
    "seen_at": _moment,
    "price": str,
    "list_price": str,
    "day": date.isoformat,
    "slots": _slots,
}
_TEXTS = ("context", "rules", "consent")
_KINDS: dict[str, tuple[type[Any], type[models.Model]]] = {
    "event": (EventDraft, Event),
    "decision": (DecisionDraft, Decision),
    "seen": (ImpressionDraft, Impression),
    "count": (CountDraft, DailyCount),
    "refused": (RefusalDraft, Intake),
    "gone": (GoneDraft, Intake),
}
_COLUMNS = {"visitor_id": "visitor", "decision_id": "decision"}


def _reader_of(draft: type[Any], model: type[models.Model], name: str) -> Callable[[Any], Any]:
    if name == "slots":
        return _read_slots
    if name in _TEXTS:
        return _read_texts
    if name == "visitor_id":
        return lru_cache(maxsize=10_000)(_read_uuid)  # what one person does comes together
    if name == "pad":
        return _text(LONGEST_LINE)
    column = name if draft is not ImpressionDraft else _COLUMNS.get(name, name)
    return _reader(model, column)


_Written = tuple[str, Callable[[Any], tuple[Any, ...]], list[tuple[str, Any, Callable[[Any], Any] | None]]]
_WRITTEN: dict[type[Any], _Written] = {
    draft: (
        kind,
        attrgetter(*(field.name for field in fields(draft))),
        [(field.name, field.default, _WRITERS.get(field.name)) for field in fields(draft)],
    )
    for kind, (draft, _) in _KINDS.items()
}
_READ: dict[str, tuple[type[Any], dict[str, Callable[[Any], Any]], set[str]]] = {
    kind: (
        draft,
        {field.name: _reader_of(draft, model, field.name) for field in fields(draft)},
        {field.name for field in fields(draft) if field.default is field.default_factory},  # both MISSING
    )
    for kind, (draft, model) in _KINDS.items()
}
