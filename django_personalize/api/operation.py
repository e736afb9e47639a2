"""What one method of an address does, in words and types: from these the API's document is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    summary: str
    answer: type | Schema | None = None
    """The type of a 200's body, or its schema; None for a 204 without one."""
    body: Callable[[], Schema] | None = None
    """Makes the schema of what is sent; None for nothing."""
    security: tuple[str, ...] = ("browser", "visitor")
    """Who may ask: any one of "browser" (cookies), "visitor" (a token), "key" (a server's); nothing for anybody."""
    headers: Mapping[str, str] = field(default_factory=dict)
