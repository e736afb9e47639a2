"""What is worked out once per request, kept on the request itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


def once(request: object, name: str, make: Callable[[], T]) -> T:
    """Return what `make` gave at the first call for this request and name; a failure is not remembered."""
    held = vars(request)
    key = f"_personalize_{name}"
    if key not in held:
        held[key] = make()
    return cast(T, held[key])
