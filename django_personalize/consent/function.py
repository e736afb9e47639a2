"""A function of the shop's own as the source of answers: for any banner whose answer the shop can read itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django_personalize.core.types import Consents, ConsentState, Purpose


class FunctionConsent:
    """`CONSENT` where it leads to a function: it is given the request, and returns True, False or None by purpose.

    Nothing but True is a yes, and a purpose that it does not name has no answer.
    """

    def __init__(self, function: Callable[[Any], Mapping[str, bool | None]]) -> None:
        self.function = function

    def states(self, request: Any) -> Consents:
        told = self.function(request)
        return {purpose: _state(told.get(purpose.value)) for purpose in Purpose}

    def before(self, request: Any) -> None:
        """Nothing: how long an answer counts is the function's to say."""

    def after(self, request: Any, response: Any) -> None:
        """Nothing: the answer is kept where the shop keeps it."""

    def texts(self) -> Mapping[Purpose, str]:
        return {}

    def prepare(self) -> list[str]:
        return []


def _state(told: bool | None) -> ConsentState:
    if told is True:
        return ConsentState.GRANTED
    return ConsentState.DENIED if told is False else ConsentState.UNKNOWN
