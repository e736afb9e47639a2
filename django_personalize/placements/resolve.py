"""What the shop says now of the chosen: sold out, hidden, of another site, at which price, in which language.

Each item is asked about once per request, whatever placement wants it, and no more than may be needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.core.memo import once
from django_personalize.core.types import Candidate, Item
from django_personalize.placements.decide import Decision


class Resolved(Mapping[str, Item]):
    """The items of this request that can be sold, as far as they have been asked about."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._items: dict[str, Item | None] = {}

    def ask(self, keys: Iterable[str]) -> None:
        """Have the shop say what it sells of `keys`, in one query; none for those that it has answered for."""
        new = [key for key in dict.fromkeys(keys) if key not in self._items]
        if new:
            found = settings.shop.items(new, request=self._request)
            self._items.update((key, found.get(key)) for key in new)

    def add(self, items: Iterable[Item]) -> None:
        """Take what the shop has just said of its own accord."""
        self._items.update((item.key, item) for item in items)

    def __getitem__(self, key: str) -> Item:
        item = self._items.get(key)
        if item is None:
            raise KeyError(key)
        return item

    def __iter__(self) -> Iterator[str]:
        return (key for key, item in self._items.items() if item is not None)

    def __len__(self) -> int:
        return sum(item is not None for item in self._items.values())


def resolved_of(request: HttpRequest) -> Resolved:
    return once(request, "items", lambda: Resolved(request))


Lots = Sequence[Sequence[tuple[Candidate, str]]]
"""By block of a decision: the candidates that are looked at, best first, with the steps that gave them."""


def first_lots(decision: Decision) -> Lots:
    """Return what is asked about at first: half as many again as there are places and two, since most of what is chosen
    can be sold; not counting what will probably stand in a row above.
    """
    above: set[str] = set()
    found = []
    for block in decision.blocks:
        free = [place for place, (each, _) in enumerate(block.candidates) if each.item_key not in above]
        wanted = free[: block.n + block.n // 2 + 2]
        found.append(block.candidates[: wanted[-1] + 1 if wanted else 0])
        above.update(block.candidates[place][0].item_key for place in free[: block.n])
    return found


def whole(decision: Decision) -> Lots:
    return [block.candidates for block in decision.blocks]


def keys_of(lots: Lots) -> Iterator[str]:
    """Yield the keys to ask about, anchors of the reasons included: they are named by their titles."""
    for lot in lots:
        for candidate, _ in lot:
            yield candidate.item_key
            if candidate.reason.anchor:
                yield candidate.reason.anchor
