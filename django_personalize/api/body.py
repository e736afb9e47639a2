"""Reading a request's body: JSON in UTF-8, of a bounded size, with a list of so many things in it."""

from __future__ import annotations

import json
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, NoReturn

from django.http.request import UnreadablePostError
from rest_framework.parsers import BaseParser

from django_personalize.api.refusals import NOTHING, Refusal, shown


class BoundedJSON(BaseParser):
    """Reads no more than the view's `max_bytes`, whatever the header says."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = parser_context["view"].max_bytes
        request = parser_context["request"]
        coded = request.headers.get("Content-Encoding", "identity")
        if coded != "identity":
            raise Refusal(415, found=f"a body packed as {shown(coded)}", wanted="a plain one", do="Send it unpacked.")
        told = str(request.META.get("CONTENT_LENGTH") or "")
        if told.isdecimal() and int(told) > limit:
            raise _too_long(f"{told} bytes", limit)
        try:
            body = stream.read(limit + 1)
        except UnreadablePostError as error:
            raise Refusal(400, found="a body that ends early", wanted="all of it", do="Send it again.") from error
        if len(body) > limit:
            raise _too_long(f"more than {limit} bytes", limit)
        try:
            return json.loads(body.decode(), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            # A message of the decoder's would repeat what it read; the place is enough.
            where = f", at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
            raise Refusal(
                400,
                found=f"a body that is no JSON{where}",
                wanted="JSON in UTF-8",
                do="Send what a JSON encoder writes.",
            ) from None


def _too_long(found: str, limit: int) -> Refusal:
    return Refusal(413, found=found, wanted=f"{limit} bytes at most", do="Send it in smaller parts.")


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def read(request: Any, known: Collection[str]) -> dict[str, Any]:
    """Return the body, an object that has no other names than `known`."""
    body, wanted = request.data, f"an object with {', '.join(known)}"
    if not isinstance(body, dict) or not body:
        found = shown(body) if body else "no body, or an empty one"
        raise Refusal(400, found=found, wanted=wanted, do="Send a JSON object, with the header Content-Length.")
    for name in body:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            do = f"Did you mean {close[0]!r}?" if close else "Leave it out."
            raise Refusal(400, found=f"an unknown name, {shown(name)}", wanted=wanted, do=do)
    return body


def listed(body: dict[str, Any], name: str, limit: int) -> list[Any]:
    """Return the list under `name`, of one to `limit` things."""
    found, wanted = body.get(name), f"{name!r}: a list of 1 to {limit}"
    if not isinstance(found, list) or not found:
        said = shown(found) if name in body else NOTHING
        raise Refusal(400, found=f"{name!r}: {said}", wanted=wanted, do="Compare the body with the recipe's.")
    if len(found) > limit:
        raise Refusal(413, found=f"{name!r}: a list of {len(found)}", wanted=wanted, do="Send it in smaller parts.")
    return found


def short(body: dict[str, Any], name: str, *, needed: bool = False) -> str:
    """Return the short text under `name`, '' where there is none."""
    value = body.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value.strip() or len(value) > 64 or not value.isprintable():
        said = shown(value) if name in body else NOTHING
        raise Refusal(
            400, found=f"{name!r}: {said}", wanted="a text of 1 to 64 printable characters", do="Give another one."
        )
    return value
