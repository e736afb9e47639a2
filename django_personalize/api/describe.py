"""What each address takes, as JSON Schema: read off the very fields and bounds that check it."""

from __future__ import annotations

from functools import partial
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from django_personalize.api import fields
from django_personalize.api import orders as orders_
from django_personalize.api import products as products_
from django_personalize.api.events import ContextRecord, Truth, VisitorRecord
from django_personalize.api.operation import Schema
from django_personalize.api.placements import LIMIT, PlacementRecord, Slug, slugs
from django_personalize.capture.claims import MAX_EVENTS, OLDEST
from django_personalize.core.types import Purpose
from django_personalize.events.vocabulary import CLAIMABLE, LOGIN

EXPORT: Schema = {
    "type": "object",
    "description": "Every row that is kept, by table, with the names of its fields.",
    "required": ["schema", "exported_at", "complete", "account", "kept_for_days", "interests"],
    "properties": {
        "schema": {"type": "integer"},
        "exported_at": {"type": "string", "format": "date-time"},
        "complete": {"type": "boolean"},
        "account": {"type": "string"},
        "kept_for_days": {"type": "object", "additionalProperties": {"type": "integer"}},
        "interests": {"type": "object"},
    },
    "additionalProperties": {"type": "array", "items": {"type": "object"}},
}


def of_record(record: serializers.Serializer[Any], **nested: Schema) -> Schema:
    """Return the schema of what this record takes; `nested` are those of fields that it does not look into."""
    told = {name: nested.get(name) or of_field(field) for name, field in record.fields.items()}
    schema: Schema = {"type": "object", "properties": told}
    if getattr(record, "exact", True):
        schema["additionalProperties"] = False
    needed = [name for name, field in record.fields.items() if field.required and field.default is empty]
    return schema | ({"required": needed} if needed else {})


def of_field(field: Any) -> Schema:
    """Return the schema of one value."""
    schema = _plain(field)
    if field.allow_null and "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*kinds, "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema | ({"description": str(field.help_text)} if field.help_text else {})


def _plain(field: Any) -> Schema:
    if isinstance(field, Slug):
        return {"type": "string", "enum": list(slugs())}
    if isinstance(field, fields.Word):
        return {"type": "string", "enum": [str(word) for word in field.words]}
    if isinstance(field, Truth):
        return {"type": "boolean"}
    if isinstance(field, fields.Moment):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, fields.Link):
        empty_too = "" if field.required else "?"
        pattern = rf"^(https?://[!-\[\]-~]+|/[!-\[\]-~]*){empty_too}$"
        return {"type": "string", "maxLength": field.max_length, "pattern": pattern}
    if isinstance(field, fields.Price):
        return {"type": "string", "pattern": r"^ *[0-9]{1,14}(\.[0-9]{1,4})? ?[A-Z]{3} *$"}
    if isinstance(field, serializers.IntegerField):
        return {"type": "integer", "minimum": field.min_value, "maximum": field.max_value}
    if isinstance(field, serializers.DecimalField):
        return {"type": ["string", "number"], "minimum": 0, "pattern": r"^[0-9]{1,14}(\.[0-9]{1,4})?$"}
    if isinstance(field, serializers.ListField):
        bounds = {"minItems": field.min_length, "maxItems": field.max_length}
        return {
            "type": "array",
            "items": of_field(field.child),
            **{name: bound for name, bound in bounds.items() if bound is not None},
        }
    if isinstance(field, serializers.RegexField):
        return {"type": "string", "pattern": "^([A-Z]{3})?$" if field.allow_blank else "^[A-Z]{3}$"}
    text: Schema = {"type": ["string", "integer"] if isinstance(field, fields.Key) else "string"}
    text |= {} if field.allow_blank else {"minLength": 1}
    return text | ({} if field.max_length is None else {"maxLength": field.max_length})


def _batch(name: str, most: int, of: Schema, **more: Schema) -> Schema:
    return {
        "type": "object",
        "required": [name],
        "properties": {name: {"type": "array", "minItems": 1, "maxItems": most, "items": of}, **more},
        "additionalProperties": False,
    }


NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 64}


def products() -> Schema:
    return _batch("products", products_.LIMIT, of_record(products_.Product()), feed=NAME)


def orders() -> Schema:
    lines: Schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": orders_.MOST_LINES,
        "items": of_record(orders_.LineRecord()),
    }
    return _batch("orders", orders_.LIMIT, of_record(orders_.OrderRecord(), lines=lines))


def feed() -> Schema:
    return {
        "type": "object",
        "required": ["feed", "count"],
        "properties": {"feed": NAME, "count": {"type": "integer", "minimum": 1}, "force": {"type": "boolean"}},
        "additionalProperties": False,
    }


def event() -> Schema:
    """Return the schema of one event; what does not fit it is refused by itself, by name."""
    return {
        "type": "object",
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "made once per event, by whoever tells it"},
            "name": {"type": "string", "enum": sorted(CLAIMABLE | {LOGIN})},
            "ago": {
                "type": "number",
                "minimum": 0,
                "maximum": OLDEST.total_seconds() * 1000,
                "description": "milliseconds",
            },
            "params": {"type": "object", "description": "the fields of this event, as docs/script.md lists them"},
        },
    }


def events() -> Schema:
    return {
        "type": "object",
        "properties": {
            "visitor": of_record(VisitorRecord()) | {"description": "by a server's key only, and needed there"},
            "context": of_record(ContextRecord()),
            "events": {"type": "array", "maxItems": MAX_EVENTS, "items": event()},
            "token": {"type": "boolean", "description": "whether a visitor's token is wanted; by a server's key only"},
        },
        "additionalProperties": False,
    }


def placements() -> Schema:
    return _batch("placements", LIMIT, of_record(PlacementRecord()))


def _truths(*names: str) -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {name: {"type": "boolean"} for name in names},
        "additionalProperties": False,
    }


answers = partial(_truths, *(purpose.value for purpose in Purpose))
switches = partial(_truths, "paused", "objected")


def password() -> Schema:
    return {
        "type": "object",
        "properties": {"password": {"type": "string", "description": "where the log-in is more than two hours old"}},
        "additionalProperties": False,
    }
