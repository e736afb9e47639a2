"""What one request touches in the shop's tables, noted by signals as it happens, looked up when it is over.

A receiver runs inside the shop's own transaction, where a query of ours that fails would poison the checkout: it makes
none, and only remembers. By the time the middleware looks, the shop has committed or rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django_personalize.core.types import Reference

LIMIT = 1_000
"""Orders that one request may touch and still be followed at once; an import of more is left to the next sync."""


@dataclass(slots=True)
class Visit:
    """One request's notes."""

    references: set[Reference] = field(default_factory=set)
    cart_touched: bool = False
    logged_in: bool = False
    account_changed: bool = False
    """Somebody logged in or out: what the cart holds after that was not put there now."""

    def refer(self, reference: Reference) -> None:
        if len(self.references) < LIMIT:
            self.references.add(reference)


_current: ContextVar[Visit | None] = ContextVar("personalize_visit", default=None)


def current() -> Visit | None:
    """Return the notes of the request that is being answered here; None in commands and workers."""
    return _current.get()


@contextmanager
def visiting() -> Iterator[Visit]:
    """Collect what signals tell until the block ends, in every thread that answers this request."""
    visit = Visit()
    token = _current.set(visit)
    try:
        yield visit
    finally:
        _current.reset(token)
