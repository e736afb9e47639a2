"""Every extension point, on one screen. Each is a dotted path in `PERSONALIZE`, with a double in `testing`.

An implementation is constructed once per process without arguments, may be called from several threads, and is held to
the contract class of the same name in `django_personalize.testing.contracts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from django_personalize.core.arrays import Factors, Interactions
from django_personalize.core.types import Batch, Consents, Item, Line


class Shop(Protocol):
    """`SHOP`: the adapter to the shop's own tables. It only reads."""

    def items(self, keys: Sequence[str], *, request: Any = None) -> dict[str, Item]:
        """Return those of `keys` that may be shown and sold now, in one query. Unknown keys are left out."""
        ...

    def newest(self, n: int, *, request: Any = None) -> list[Item]:
        """Return up to `n` sellable items, newest first, ties by key, in one query."""
        ...

    def item_key(self, obj: Any) -> str:
        """Return the key of the shop's own object; raises `ShopError` for anything that is not one of its items."""
        ...

    def find(self, field: str, value: str) -> str | None:
        """Return the key of the one item whose `field` has this value, in one query; None for none or several."""
        ...

    def facts(self) -> Iterator[tuple[str, str, str, datetime | None]]:
        """Yield (key, category, brand, created) of every item, sellable or not, ordered by key, in one query."""
        ...

    def count_lines(self) -> int:
        """Return how many order lines `lines()` would yield."""
        ...

    def lines(self, *, user_key: str | None = None) -> Iterator[Line]:
        """Stream the lines of orders that count as sold, ordered by line key, in one query per many thousand lines.

        No cursor is open while a line is in the caller's hands, so that the caller may write. A line whose product,
        order or date is gone is left out. `user_key` keeps that account's orders only.
        """
        ...


class ConsentSource(Protocol):
    """`CONSENT`: where the answers of this browser are read. Never writes them, never raises for odd cookies."""

    def states(self, request: Any) -> Consents:
        """Return an answer for every purpose; a purpose that the source does not know is UNKNOWN."""
        ...

    def prepare(self) -> list[str]:
        """Make what the source needs in order to ask, once, and return the purposes that it can ask for since."""
        ...


class Sink(Protocol):
    """`SINK`: where facts in flight become stored facts, each exactly once by its id."""

    def write(self, batch: Batch) -> int:
        """Make the whole batch durable and return how many of it were new; raises when nothing was kept."""
        ...


class Trainer(Protocol):
    """`TRAINERS`: learns item vectors. Runs in a training process only; a web process never imports one."""

    name: str

    def fit(
        self,
        interactions: Interactions,
        *,
        seed: int,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Factors:
        """Return finite vectors for all items; equal inputs and one thread give equal bytes.

        Raises `TrainerUnavailable` where its package is missing. `progress` is called with (done, total) epochs.
        """
        ...
