"""Bodies that nobody's browser sends: the poison that stalled or broke the pipelines that were looked at, and worse."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

UID = "0d9a6a52-51f1-4f0c-9d0b-0c6f3a1f7c55"
GOOD: dict[str, Any] = {
    "id": UID,
    "name": "add_to_wishlist",
    "ago": 0,
    "params": {"currency": "GBP", "items": [{"item_id": "1", "quantity": 1, "price": 2.5}]},
}


def batch(*events: Any) -> bytes:
    return json.dumps({"events": list(events)}).encode()


def _with(**changes: Any) -> bytes:
    return batch({**GOOD, **changes})


def _item(**changes: Any) -> bytes:
    return _with(params={"items": [{"item_id": "1", **changes}]})


def _raw(old: str, new: str) -> bytes:
    """The good batch with one value written as JSON does not allow it, or as no number holds it."""
    text = batch(GOOD).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def nested(depth: int) -> bytes:
    return b'{"events": [' + b"[" * depth + b"]" * depth + b"]}"


POISON: dict[str, bytes] = {
    "a number that is none": _raw("2.5", "NaN"),
    "an endless number": _raw("2.5", "Infinity"),
    "a number past the largest": _raw("2.5", "1e400"),
    "no name": _with(name=None),
    "NUL in a field": _item(item_list_id="a\0b"),
    "NUL in a text": batch({**GOOD, "name": "search", "params": {"search_term": "mug\0"}}),
    "half of a surrogate pair": batch({**GOOD, "name": "search", "params": {"search_term": "\ud800"}}),
    "a key of ten thousand characters": _item(item_id="x" * 10_000),
    "a whole number of 64 bits": _item(quantity=2**63),
    "an id that is no number": _raw(f'"{UID}"', "NaN"),
    "a time far in the past": _with(ago=10**18),
    "a time far ahead": _with(ago=-(10**18)),
    "a time that is no number": _raw('"ago": 0', '"ago": NaN'),
    "a time that is a text": _with(ago="yesterday"),
    "an id that is no UUID": _with(id="zzzzzzzz-51f1-4f0c-9d0b-0c6f3a1f7c55"),
    "nested five thousand deep": nested(5_000),
    "a number of five thousand figures": _raw('"quantity": 1', f'"quantity": {"9" * 5_000}'),
    "a name of sixty thousand characters": batch({**GOOD, "params": {"x" * 60_000: 1}}),
    "three thousand names": batch({**GOOD, "params": {f"name {number}": 1 for number in range(3_000)}}),
    "nested five hundred deep": nested(500),
    "a number of four thousand figures": _raw('"quantity": 1', f'"quantity": {"9" * 4_000}'),
    "an event that is a list": batch([GOOD]),
    "items that are a text": _with(params={"items": "1"}),
}
assert len(POISON) == 23

HEAVY: dict[str, bytes] = {
    "a megabyte": b'{"events": ["' + b"x" * 2**20 + b'"]}',
    "a name of a megabyte": batch({**GOOD, "params": {"x" * 2**20: 1}}),
    "a hundred thousand names": batch({**GOOD, "params": {str(number): 1 for number in range(100_000)}}),
    "thirty thousand deep": b"[" * 30_000,
    "objects in objects": b'{"events":' * 6_000,
    "ten thousand events": b'{"events": [' + b"1," * 10_000 + b"1]}",
    "as many items as fit": batch({**GOOD, "params": {"items": [{"item_id": "1"}] * 2_000}}),
    "as many slots as fit": batch({**GOOD, "params": {"decision": UID, "slots": list(range(1, 10_000))}}),
    "one number": b"9" * 65_000,
    "one number in a batch": b'{"events": [' + b"9" * 60_000 + b"]}",
    "escapes": b'{"events": ["' + rb"\u0041" * 10_000 + b'"]}',
    "the same name again and again": b'{"events": [' + b'{"id": 1,' + b'"id": 1,' * 7_000 + b'"id": 1}]}',
}
assert str(UUID(UID)) == UID
