"""How a bought line is divided among the clicks that led to it; `ATTRIBUTION` names one."""

from __future__ import annotations

from collections.abc import Sequence

from django_personalize.core.types import Touch


class LastClick:
    """The last click has earned it all. The default."""

    def weights(self, touches: Sequence[Touch]) -> Sequence[float]:
        return [0.0] * (len(touches) - 1) + [1.0]


class Linear:
    """Every click has earned as much as every other."""

    def weights(self, touches: Sequence[Touch]) -> Sequence[float]:
        return [1.0] * len(touches)
