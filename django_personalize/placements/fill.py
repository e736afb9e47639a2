"""From a decision and what can be sold to slots: the best that may be shown, no item twice on a page. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django_personalize.core.types import Candidate, Item, Reason, Slot
from django_personalize.placements.decide import Block, Decision
from django_personalize.placements.defaults import Placement
from django_personalize.placements.resolve import Lots
from django_personalize.recommend.pipeline import NEWEST

FEWEST = 2
"""A category with fewer items to show has no row."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One slot with what stands in it."""

    slot: Slot
    item: Item
    step: str
    """The step of the pipeline that gave it."""


@dataclass(frozen=True, slots=True)
class FilledRow:
    name: str
    """A category's; empty for the first row."""
    slots: tuple[Filled, ...]


@dataclass(frozen=True, slots=True)
class Filling:
    rows: tuple[FilledRow, ...]
    short: int
    """How many places of the first row stay empty."""
    more: bool
    """Whether a place stays empty for which there are candidates that the shop was not asked about."""

    @property
    def slots(self) -> tuple[Filled, ...]:
        return tuple(filled for row in self.rows for filled in row.slots)


def fill(
    placement: Placement,
    decision: Decision,
    items: Mapping[str, Item],
    taken: Collection[str],
    lots: Lots,
    *,
    newest: Iterable[Item] = (),
) -> Filling:
    """Return the slots of the rows, in the order of the decision; what is `taken` is not shown again.

    `lots` are the candidates that the shop was asked about; `newest` fill what is left of the first row.
    """
    used = {*taken, *decision.context}
    rows: list[FilledRow] = []
    short, more, number = 0, False, 0
    for block, lot in zip(decision.blocks, lots, strict=True):
        if block.name and sum(bool(row.name) for row in rows) >= placement.categories:
            break
        chosen = _chosen(placement, lot, block.n, items, used)
        if not block.name:
            chosen += _newest(placement, newest, block.n - len(chosen), used)
            short = block.n - len(chosen)
        more |= len(chosen) < block.n and len(lot) < len(block.candidates)
        if not chosen or (block.name and len(chosen) < FEWEST):
            continue
        slots = tuple(
            Filled(_slot(place, candidate, block), item, step)
            for place, (candidate, item, step) in enumerate(chosen, start=number + 1)
        )
        number += len(slots)
        rows.append(FilledRow(block.name, slots))
    return Filling(tuple(rows), short, more)


def _chosen(
    placement: Placement, lot: Iterable[tuple[Candidate, str]], n: int, items: Mapping[str, Item], used: set[str]
) -> list[tuple[Candidate, Item, str]]:
    chosen: list[tuple[Candidate, Item, str]] = []
    for candidate, step in lot:
        if len(chosen) == n:
            break
        item = items.get(candidate.item_key)
        if item is None or item.key in used or not (placement.only is None or placement.only(item)):
            continue
        used.add(item.key)
        chosen.append((candidate, item, step))
    return chosen


def _newest(placement: Placement, newest: Iterable[Item], n: int, used: set[str]) -> list[tuple[Candidate, Item, str]]:
    """The ladder's first rung: what the shop has newly got, which needs no data at all."""
    fresh = [item for item in newest if item.key not in used and (placement.only is None or placement.only(item))]
    used.update(item.key for item in fresh[:n])
    return [
        (Candidate(item_key=item.key, score=0.0, source=NEWEST, reason=Reason(code="new")), item, NEWEST)
        for item in fresh[:n]
    ]


def _slot(number: int, candidate: Candidate, block: Block) -> Slot:
    return Slot(
        slot=number,
        item_key=candidate.item_key,
        source=candidate.source,
        score=candidate.score,
        propensity=candidate.propensity,
        reason=candidate.reason,
        block=block.name,
    )
