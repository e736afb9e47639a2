"""Made-up requests from a schema, good and bad, and what holds an answer to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
"""Any value at all, half of a surrogate pair among the text."""


FORMATS = FormatChecker(["uuid"])
FORMATS.checks("date-time", ValueError)(
    lambda told: not isinstance(told, str) or datetime.fromisoformat(told).tzinfo is not None
)


def wrong(schema: Mapping[str, Any], document: Mapping[str, Any], value: Any) -> list[str]:
    """What of `value` is not as the schema says; references lead into the document."""
    whole = {**schema, "components": document["components"]}
    validator = Draft202012Validator(whole, format_checker=FORMATS)
    return [f"{list(each.absolute_path)}: {each.message}" for each in validator.iter_errors(value)]


def values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit the schema."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type", "object")
    if isinstance(kinds, list):
        return st.one_of([values({**schema, "type": kind}) for kind in kinds])
    return _MADE[kinds](schema)


def _object(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    needed = set(schema.get("required", ()))
    told = {name: values(each) for name, each in schema.get("properties", {}).items()}
    made = st.fixed_dictionaries(
        {name: each for name, each in told.items() if name in needed},
        optional={name: each for name, each in told.items() if name not in needed},
    )
    if not told:
        return st.dictionaries(st.text(max_size=12), JSON, max_size=4)
    return made.filter(lambda each: len(each) >= schema.get("minProperties", 0))


def _text(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"], re.ASCII))
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 40), 40))


def _number(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    low, high = schema.get("minimum"), schema.get("maximum")
    return st.integers(low, None if high is None else int(high)) | st.floats(
        low, high, allow_infinity=False, allow_nan=False
    )


_MADE: dict[str, Any] = {
    "object": _object,
    "array": lambda schema: st.lists(
        values(schema.get("items", {})), min_size=schema.get("minItems", 0), max_size=min(schema.get("maxItems", 3), 3)
    ),
    "string": _text,
    "integer": lambda schema: st.integers(schema.get("minimum"), schema.get("maximum")),
    "number": _number,
    "boolean": lambda schema: st.booleans(),
    "null": lambda schema: st.none(),
}


@st.composite
def spoilt(draw: Any, schema: Mapping[str, Any]) -> Any:
    """A value that fits but for one place, which holds anything."""
    value = draw(values(schema))
    return draw(_spoil(value))


@st.composite
def _spoil(draw: Any, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: draw(_spoil(value[name]))}
    if isinstance(value, dict) and value and draw(st.booleans()):
        return {**value, draw(st.text(max_size=12)): draw(JSON)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(_spoil(value[place])), *value[place + 1 :]]
    return draw(JSON)


def bodies(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values(schema), spoilt(schema), JSON)
