"""What became of a batch: how much was kept, and what is wrong with the rest, by index and name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

from django_personalize.api.fields import Problem
from django_personalize.shop.keys import LONGEST

MOST_ERRORS = 100
"""So many of a batch are told; the others are counted."""


class FaultTold(TypedDict):
    index: int
    id: str | None
    name: str
    found: str
    wanted: str


class TakenTold(TypedDict):
    accepted: int
    stale: int
    errors: list[FaultTold]
    more_errors: NotRequired[int]


@dataclass(slots=True)
class Taken:
    accepted: int = 0
    stale: int = 0
    """Left out because something newer is known, or because it was erased since."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    more_errors: int = 0

    def refuse(self, index: int, data: object, found: Iterable[Problem]) -> None:
        """Name what is wrong with the thing at `index`, under the id that it bears."""
        key = data.get("id") if isinstance(data, dict) else None
        name = str(key)[:LONGEST] if isinstance(key, str | int) else None
        errors = [{"index": index, "id": name, **each} for each in found]
        room = MOST_ERRORS - len(self.errors)
        self.errors += errors[:room]
        self.more_errors += len(errors[room:])

    def body(self) -> dict[str, Any]:
        self.errors.sort(key=lambda error: error["index"])
        body = {"accepted": self.accepted, "stale": self.stale, "errors": self.errors}
        return body | {"more_errors": self.more_errors} if self.more_errors else body
