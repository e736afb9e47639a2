"""What the shop would have recorded, and all that a learner gets: orders, and what those did who said yes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django_personalize.core.types import History
from django_personalize.events.vocabulary import PURCHASE, VIEW_ITEM
from django_personalize.training.dataset import Gathering, Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of one order."""

    order: str
    shopper: str
    item: str
    quantity: int
    price: float
    list_price: float
    at: float
    """Seconds since the epoch, as everywhere in a log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """A line that came back, whole."""

    order: str
    item: str
    quantity: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that a consenting shopper did on a page."""

    kind: str
    """One of `events.vocabulary.KINDS`."""
    shopper: str
    at: float
    item: str = ""
    slot: int = 0
    """The slot of the recommended row where it happened there, from 1 on."""
    term: str = ""
    """What was searched for."""
    milliseconds: int = 0
    """How long the page was looked at."""


@dataclass(slots=True)
class Log:
    """Grows in time order; who said no leaves order lines in it and nothing else."""

    lines: list[Line] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    consenting: set[str] = field(default_factory=set)
    _mine: dict[str, list[tuple[float, str, str, str, int]]] = field(default_factory=dict)
    _gone: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> Log:
        return Log(
            lines=list(self.lines),
            backs=list(self.backs),
            deeds=list(self.deeds),
            consenting=set(self.consenting),
            _mine={key: list(rows) for key, rows in self._mine.items()},
            _gone=set(self._gone),
        )

    def bought(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.lines.append(line)
            if line.shopper in self.consenting:
                row = (line.at, line.item, PURCHASE, line.order, line.quantity)
                self._mine.setdefault(line.shopper, []).append(row)

    def returned(self, back: Back) -> None:
        self.backs.append(back)
        self._gone.add((back.order, back.item))

    def did(self, deed: Deed) -> None:
        """Keep what was done; nothing of those who did not say yes."""
        if deed.shopper not in self.consenting:
            return
        self.deeds.append(deed)
        if deed.kind == VIEW_ITEM:
            self._mine.setdefault(deed.shopper, []).append((deed.at, deed.item, VIEW_ITEM, "", 1))

    def orders(self, as_of: float) -> Orders:
        """Return what `training.dataset.load` would; buyers are linked where they said yes."""
        gathering = Gathering()
        for line in self.lines:
            if line.at <= as_of:
                person = line.shopper if line.shopper in self.consenting else ""
                gathering.bought(line.order, line.item, line.quantity, line.price, line.at, person)
        for back in self.backs:
            if back.at <= as_of:
                gathering.returned(back.order, back.item, back.quantity, back.at)
        return gathering.finish(as_of)

    def history(self, shopper: str) -> History:
        """Return what `events.history.history_of` would: views and purchases, newest first; empty without a yes."""
        rows = [row for row in self._mine.get(shopper, ()) if (row[3], row[1]) not in self._gone]
        rows.sort(key=lambda row: row[0], reverse=True)
        return History(
            item_keys=tuple(row[1] for row in rows),
            kinds=tuple(row[2] for row in rows),
            times=tuple(row[0] for row in rows),
            quantities=tuple(row[4] for row in rows),
        )
