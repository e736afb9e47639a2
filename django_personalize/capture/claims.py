"""One event as somebody else tells it, in GA4's form: every value checked, nothing looked up.

An event is taken or refused by itself, and every refusal has a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django_personalize.capture.drafts import CAPTURABLE, captured_here
from django_personalize.capture.refusals import (
    BAD_ID,
    BAD_VALUE,
    CAPTURED_HERE,
    IN_THE_FUTURE,
    MISSING_VALUE,
    NO_DECISION,
    NO_ITEM,
    NOT_AN_EVENT,
    NOT_CLAIMABLE,
    TOO_LONG,
    TOO_MANY_ITEMS,
    TOO_OLD,
    UNKNOWN_NAME,
)
from django_personalize.core import clock
from django_personalize.core.text import impersonal, impersonal_key, storable
from django_personalize.events.vocabulary import (
    CART_KINDS,
    CLAIMABLE,
    DISMISS,
    DISMISS_REASONS,
    ITEM_KINDS,
    KINDS,
    LOGIN,
    PROMOTION_KINDS,
    SEARCH,
    SELECT_PROMOTION,
    USER_ENGAGEMENT,
    VIEW_ITEM_LIST,
    VIEW_PROMOTION,
)
from django_personalize.models import Event

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MAX_EVENTS = 50
MAX_FACTS = 200
"""What one batch of a page's may have stored; a page that tells more than this is none of a shop's."""
MAX_ITEMS = 25
OLDEST = timedelta(hours=72)
MAX_QUANTITY = 100_000
MAX_RESULTS = 2**31 - 1
MAX_INDEX = 2**15 - 1
MAX_ENGAGEMENT = 24 * 60 * 60 * 1000
MAX_PRICE = Decimal(10) ** 13


class Refused(Exception):
    """Why an event, or one of its items, is not taken: one of `refusals.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claim:
    """What one event tells."""

    uid: str
    """A UUID in its usual form, made by whoever tells it; never an id of ours."""
    kind: str
    occurred_at: datetime
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The fields of each row, by its place in the event; `item_id` is not among those of a kind that names none."""
    decision: UUID | None = None
    slots: tuple[int, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    """What all rows share."""


def read_all(events: Iterable[object], *, trusted: bool, refused: Counter[str]) -> Iterator[Claim]:
    """Yield what can be understood; the rest is counted in `refused`."""
    now = clock.now()
    kept_out = frozenset() if trusted else frozenset(kind for kind in CAPTURABLE if captured_here(kind))
    for event in events:
        try:
            yield _read(event, trusted, kept_out, now, refused)
        except Refused as problem:
            refused[problem.reason] += 1


def _read(event: object, trusted: bool, kept_out: Collection[str], now: datetime, refused: Counter[str]) -> Claim:
    if not isinstance(event, dict):
        raise Refused(NOT_AN_EVENT)
    kind = event.get("name")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused(UNKNOWN_NAME)
    if kind not in CLAIMABLE and not (trusted and kind == LOGIN):
        raise Refused(NOT_CLAIMABLE)
    if kind in kept_out:
        raise Refused(CAPTURED_HERE)
    uid, occurred_at = _id(event.get("id")), now - _ago(event.get("ago"))
    params = _object(event.get("params"))
    fields: dict[str, Any] = {}
    if kind in _TOLD_OF:
        fields = read_fields(params, _TOLD_OF[kind])
        if _TOLD_OF[kind][0] not in fields:
            raise Refused(MISSING_VALUE)
    if kind == VIEW_ITEM_LIST or (kind in ITEM_KINDS and params.get("decision") is not None):
        decision, slots = _choice(params)
        fields |= {"quantity": 1} if kind in CART_KINDS else {}
        return Claim(uid, kind, occurred_at, decision=decision, slots=slots, fields=fields)
    if kind in PROMOTION_KINDS and params.get("decision") is not None:
        decision, slots = _choice(params)
        return Claim(uid, kind, occurred_at, decision=decision, slots=slots[:1], fields=fields)
    if kind in ITEM_KINDS or (kind == USER_ENGAGEMENT and params.get("items")):
        fields |= read_fields(params, ("currency",))
        return Claim(uid, kind, occurred_at, _items(params, kind, refused), fields=fields)
    return Claim(uid, kind, occurred_at, {0: {}}, fields=fields)


def _choice(params: Mapping[str, Any]) -> tuple[UUID, tuple[int, ...]]:
    """Return what of our own choice the event is about: the page says which slot, our decision says which item."""
    slots = params.get("slots")
    if params.get("decision") is None or not slots:
        raise Refused(NO_DECISION)
    if not isinstance(slots, list):
        raise Refused(BAD_VALUE)
    return _uuid(params["decision"]), tuple(sorted({_slot(slot) for slot in slots}))


def _items(params: Mapping[str, Any], kind: str, refused: Counter[str]) -> dict[int, dict[str, Any]]:
    named = params.get("items") or []
    if not isinstance(named, list):
        raise Refused(BAD_VALUE)
    if len(named) > (1 if kind == USER_ENGAGEMENT else MAX_ITEMS):
        raise Refused(TOO_MANY_ITEMS)
    if not named:
        raise Refused(NO_ITEM)
    listed = read_fields(params, ("item_list_id",))
    items = {}
    for place, each in enumerate(named):
        try:
            item = listed | read_fields(_object(each), _TOLD_OF_AN_ITEM)
            if "item_id" not in item:
                raise Refused(NO_ITEM)
        except Refused as problem:
            refused[problem.reason] += 1
            continue
        if kind in CART_KINDS:
            item.setdefault("quantity", 1)
        items[place] = item
    return items


def read_fields(told: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of `names` that are told, each in the form in which it is kept; null and '' are not told.

    Raises `Refused`.
    """
    found = {}
    for name in names:
        value = told.get(name)
        if value is not None and (kept := _READERS[name](value)) != "":
            found[name] = kept
    return found


def _object(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(BAD_VALUE)
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or _UUID.fullmatch(value) is None:
        raise Refused(BAD_ID)
    return value.lower()


def _uuid(value: object) -> UUID:
    if not isinstance(value, str) or _UUID.fullmatch(value) is None:
        raise Refused(BAD_VALUE)
    return UUID(value)


def _ago(value: object) -> timedelta:
    """Return how long ago, which needs no clock of the page's to be right."""
    if value is None:
        return timedelta()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise Refused(BAD_VALUE)
    if value < 0:
        raise Refused(IN_THE_FUTURE)
    if value > OLDEST / timedelta(milliseconds=1):
        raise Refused(TOO_OLD)
    return timedelta(milliseconds=value)


def _text(name: str) -> Callable[[object], str]:
    field: Any = Event._meta.get_field(name)
    longest: int = field.max_length

    def read(value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # keys are often told as numbers
        if not isinstance(value, str):
            raise Refused(BAD_VALUE)
        if len(value) > longest:
            raise Refused(TOO_LONG)
        # A NUL, and half of a surrogate pair, are text in JSON and in no database.
        if not storable(value):
            raise Refused(BAD_VALUE)
        return value

    return read


def _number(lowest: int, highest: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        number = _decimal(value)
        if number != int(number) or not lowest <= number <= highest:
            raise Refused(BAD_VALUE)
        return int(number)

    return read


def _decimal(value: object) -> Decimal:
    """Return a number, also one in quotes, as data layers often have it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 32:
        raise Refused(BAD_VALUE)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Refused(BAD_VALUE) from None
    # No arithmetic before this: abs() of 1E+9999999 is an overflow.
    if not number.is_finite() or not -MAX_PRICE <= number <= MAX_PRICE:
        raise Refused(BAD_VALUE)
    return number


def _price(value: object) -> Decimal:
    price = _decimal(value)
    if price < 0:
        raise Refused(BAD_VALUE)
    return round(price, 4)


def _term(value: object) -> str:
    return impersonal(_text("search_term")(value))


def _name(name: str) -> Callable[[object], str]:
    """A key of the shop's own content, which nobody can look up: not told where it may be somebody's address."""
    read = _text(name)
    return lambda value: impersonal_key(read(value))


def _currency(value: object) -> str:
    if not isinstance(value, str) or not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise Refused(BAD_VALUE)
    return value.upper()


def _reason(value: object) -> str:
    if not isinstance(value, str) or value not in DISMISS_REASONS:
        raise Refused(BAD_VALUE)
    return value


_slot = _number(1, MAX_INDEX)
_READERS: dict[str, Callable[[object], Any]] = {
    "item_id": _text("item_key"),
    "item_variant": _text("item_variant"),
    "item_list_id": _name("item_list_id"),
    "promotion_id": _name("promotion_id"),
    "search_term": _term,
    "reason": _reason,
    "currency": _currency,
    "price": _price,
    "quantity": _number(1, MAX_QUANTITY),
    "index": _number(0, MAX_INDEX),
    "results": _number(0, MAX_RESULTS),
    "engagement_time_msec": _number(1, MAX_ENGAGEMENT),
}
_TOLD_OF: dict[str, tuple[str, ...]] = {
    SEARCH: ("search_term", "results"),
    USER_ENGAGEMENT: ("engagement_time_msec",),
    DISMISS: ("reason",),
    VIEW_PROMOTION: ("promotion_id",),
    SELECT_PROMOTION: ("promotion_id",),
}
"""What the event itself tells, by kind; the first must be there."""
_TOLD_OF_AN_ITEM = ("item_id", "item_variant", "quantity", "price", "item_list_id", "index")
