"""What is answered where something cannot be taken: what was found, what was wanted, what to do."""

from __future__ import annotations

import json
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

SHOWN = 80
"""Characters of a value that an answer repeats."""
AGAIN = "5"
"""Seconds after which a request that found no database may come again."""
NOTHING = "nothing"


class Refusal(exceptions.APIException):
    """A request that is refused whole."""

    def __init__(self, status_code: int, *, found: str, wanted: str, do: str, **more: Any) -> None:
        super().__init__(detail=found)
        self.status_code = status_code
        self.answer = {"found": found, "wanted": wanted, "do": do, **more}


class Busy(Exception):
    """Nothing was kept, for no fault of the request's."""


def shown(value: object) -> str:
    """Return a value as the sender wrote it, cut to what fits in a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn whatever a view raised into one shape; None for a fault of ours, which is raised and logged as one."""
    request = context["request"]
    headers: dict[str, str] = {}
    if isinstance(error, Refusal):
        code, body = error.status_code, error.answer
        if code == status.HTTP_401_UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, exceptions.Throttled):
        wait = max(int(getattr(error, "wait", None) or 0), 1)
        code, headers = error.status_code, {"Retry-After": str(wait)}
        scope = getattr(context["view"], "scope", "personalize")
        body = {
            "found": "more requests in this minute than this server takes",
            "wanted": f"the next one in {wait} seconds",
            "do": f'Wait, then send the same again; or raise REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["{scope}"].',
        }
    elif isinstance(error, exceptions.MethodNotAllowed):
        code, allowed = error.status_code, ", ".join(context["view"].allowed_methods)
        body = {"found": f"the method {request.method}", "wanted": allowed, "do": "See the table of addresses."}
    elif isinstance(error, exceptions.UnsupportedMediaType):
        code = error.status_code
        body = {
            "found": f"a body of type {shown(request.content_type)}",
            "wanted": "application/json",
            "do": "Send the header Content-Type: application/json.",
        }
    elif isinstance(error, exceptions.NotAcceptable):
        code = error.status_code
        body = {
            "found": f"a wish for {shown(request.headers.get('Accept', ''))}",
            "wanted": "application/json",
            "do": "Send the header Accept: application/json, or none.",
        }
    elif isinstance(error, Http404):
        code = status.HTTP_404_NOT_FOUND
        body = {
            "found": "an unknown address",
            "wanted": "one of the table of addresses",
            "do": "Compare it; each ends with a slash.",
        }
    elif isinstance(error, Busy | OperationalError | InterfaceError):
        code, headers = status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": AGAIN}
        body = {
            "found": "no database that answers, or one that is busy",
            "wanted": "the same request again",
            "do": f"Send it again after {AGAIN} seconds. Nothing of it is acknowledged.",
        }
    else:
        return None
    return Response(body, status=code, headers=headers)
