"""Counting what cannot be used, by name, so that nothing is dropped in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts by reason, each with the first place where it was found."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, sample: str = "", n: int = 1) -> None:
        """Count `n` more; `sample` names a row or a setting, never what a person entered."""
        self.counts[reason] += n
        self.samples.setdefault(reason, sample)

    def __bool__(self) -> bool:
        return bool(self.counts)
