"""The document that describes this API, written from the doors themselves: OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from django.urls import reverse

from django_personalize import __version__
from django_personalize.api.operation import Operation, Schema

VERSION = "3.1.0"
BASE = "personalize:api-openapi"
_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
REFUSAL: Schema = {
    "type": "object",
    "required": ["found", "wanted", "do"],
    "properties": {
        "found": {"type": "string"},
        "wanted": {"type": "string"},
        "do": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
SECURITY: Schema = {
    "key": {"type": "http", "scheme": "bearer", "description": "One of INGEST_KEYS, held by a server."},
    "visitor": {
        "type": "http",
        "scheme": "bearer",
        "description": 'A visitor\'s token, which events/ gives to a server that asks with "token": true.',
    },
    "browser": {
        "type": "apiKey",
        "in": "cookie",
        "name": "pz_vid",
        "description": "The shopper's own browser, by its cookies; without any it is nobody in particular. What "
        "changes anything wants the header X-CSRFToken; placements/ wants the same origin.",
    },
}


def document() -> Schema:
    """Return the whole document."""
    schemas: dict[str, Schema] = {"Refusal": REFUSAL}
    paths: dict[str, Schema] = {}
    for pattern in _patterns():
        operations = {
            method: _operation(pattern, method, operation, schemas)
            for method, operation in pattern.callback.cls.told.items()
        }
        if operations:
            told = re.sub(_PART, r"{\2}", str(pattern.pattern))
            paths[f"/{told}"] = operations
    return {
        "openapi": VERSION,
        "info": {"title": "django-personalize", "version": __version__, "license": {"name": "BSD-3-Clause"}},
        "servers": [{"url": reverse(BASE).removesuffix("/openapi.json")}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY},
    }


def _patterns() -> Iterator[Any]:
    from django_personalize.api.urls import urlpatterns

    yield from urlpatterns


def _operation(pattern: Any, method: str, operation: Operation, schemas: dict[str, Schema]) -> Schema:
    told: Schema = {
        "operationId": f"{method}-{str(pattern.name).removeprefix('api-')}",
        "summary": operation.summary,
        "security": [{name: []} for name in operation.security] + ([{}] if "browser" in operation.security else []),
        "responses": {
            **_answer(operation, schemas),
            "4XX": _json("What was found, what was wanted, and what to do.", {"$ref": "#/components/schemas/Refusal"}),
            "503": _json("Nothing was kept; the same may be sent again.", {"$ref": "#/components/schemas/Refusal"}),
        },
    }
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"format": "uuid"} if kind == "uuid" else {"minLength": 1})},
        }
        for kind, name in _PART.findall(str(pattern.pattern))
    ]
    if parameters:
        told["parameters"] = parameters
    if operation.body is not None:
        body = operation.body()
        content = {"application/json": {"schema": body}}
        told["requestBody"] = {"required": method != "delete", "content": content}
    return told


def _answer(operation: Operation, schemas: dict[str, Schema]) -> Schema:
    if operation.answer is None:
        return {"204": {"description": "Done."}}
    schema = operation.answer if isinstance(operation.answer, dict) else of_type(operation.answer, schemas)
    return {"200": _json(operation.summary, schema)}


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def of_type(hint: Any, schemas: dict[str, Schema]) -> Schema:
    """Return the schema of an annotation; a `TypedDict` is put into `schemas` under its name and referred to."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin is Annotated:
        return {**of_type(args[0], schemas), "format": args[1]}
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin in (Union, UnionType):
        return {"anyOf": [of_type(each, schemas) for each in args]}
    if origin is list:
        return {"type": "array", "items": of_type(args[0], schemas)}
    if origin is dict:
        return {"type": "object", "additionalProperties": of_type(args[1], schemas)}
    if not is_typeddict(hint):
        raise TypeError(f"{hint!r} has no schema.")
    name = hint.__name__.removesuffix("Told")
    if name not in schemas:
        schemas[name] = {}
        hints = get_type_hints(hint, include_extras=True)
        needed = [field for field, each in hints.items() if get_origin(each) is not NotRequired]
        bare = {field: get_args(each)[0] if get_origin(each) is NotRequired else each for field, each in hints.items()}
        schemas[name] = {
            "type": "object",
            "required": needed,
            "properties": {field: of_type(each, schemas) for field, each in bare.items()},
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{name}"}
