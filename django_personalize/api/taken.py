"""What became of a batch: how much was kept, and what is wrong with the rest, by index and name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django_personalize.api.fields import KEY_LENGTH, Problem


@dataclass(slots=True)
class Taken:
    accepted: int = 0
    stale: int = 0
    """Left out because something newer is known."""
    errors: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, index: int, data: object, found: Iterable[Problem]) -> None:
        """Name what is wrong with the thing at `index`, under the id that it bears."""
        key = data.get("id") if isinstance(data, dict) else None
        name = str(key)[:KEY_LENGTH] if isinstance(key, str | int) else None
        self.errors += [{"index": index, "id": name, **each} for each in found]

    def body(self) -> dict[str, Any]:
        self.errors.sort(key=lambda error: error["index"])
        return {"accepted": self.accepted, "stale": self.stale, "errors": self.errors}
