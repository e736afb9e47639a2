"""From a decision and what can be sold to slots: the best that may be shown, no item twice on a page. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from django_personalize.core.types import Candidate, Item, Reason, Slot
from django_personalize.placements.decide import Block, Decision
from django_personalize.placements.defaults import Placement
from django_personalize.placements.home import MOST, explored
from django_personalize.placements.resolve import Lots
from django_personalize.placements.rules import PICKED, Pair, after
from django_personalize.recommend.explore import explore, seed_of
from django_personalize.recommend.pipeline import NEWEST

Chosen = tuple[Candidate, Item, str]
"""With the step of the pipeline that gave it."""
FEWEST = 2
"""A category, or a brand, with fewer items to show has no row."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One slot with what stands in it."""

    slot: Slot
    item: Item
    step: str
    """The step of the pipeline that gave it."""


@dataclass(frozen=True, slots=True)
class FilledRow:
    block: Block
    slots: tuple[Filled, ...]
    promotion: Slot | None = None
    """Where a promotion stands instead of items."""


@dataclass(frozen=True, slots=True)
class Filling:
    rows: tuple[FilledRow, ...]
    short: int
    """How many places of the first row stay empty."""
    more: bool
    """Whether a place stays empty for which there are candidates that the shop was not asked about."""
    rules: tuple[str, ...]
    """The labels of the rules that acted on what can be sold, in order."""

    @property
    def slots(self) -> tuple[Filled, ...]:
        return tuple(filled for row in self.rows for filled in row.slots)

    @property
    def recorded(self) -> tuple[Slot, ...]:
        """What a decision says: every slot, promotions among them."""
        return tuple(
            slot
            for row in self.rows
            for slot in ((row.promotion,) if row.promotion else (filled.slot for filled in row.slots))
        )


def fill(
    placement: Placement,
    decision: Decision,
    items: Mapping[str, Item],
    taken: Collection[str],
    lots: Lots,
    *,
    newest: Iterable[Item] = (),
) -> Filling:
    """Return the slots of the rows in the order in which they are shown; what is `taken` is not shown again.

    `lots` are the candidates that the shop was asked about; `newest` fill what is left of the first row.
    """
    used = {*taken, *decision.context}
    rows: list[tuple[Block, list[Chosen]]] = []
    acted: dict[str, None] = {}
    short, more = 0, False
    left = {**MOST, "category": placement.categories}
    for block, lot in zip(decision.blocks, lots, strict=True):
        if block.promotion is not None:
            rows.append((block, []))
            continue
        if left.get(block.kind, 1) < 1:
            continue
        chosen, rules = _chosen(placement, decision, block, lot, items, used, newest)
        acted |= dict.fromkeys(rules)
        more |= len(chosen) < block.n and len(lot) < len(block.candidates)
        if block.kind == "row":
            short = block.n - len(chosen)
        if len(chosen) < (1 if block.kind == "row" else FEWEST):
            continue
        used.update(item.key for _, item, _ in chosen)
        left[block.kind] = left.get(block.kind, 1) - 1
        rows.append((block, chosen))
    shown = explored(rows, decision.desk.seed, decision.desk.tried)
    return Filling(_numbered(shown), short, more, tuple(acted))


def _chosen(
    placement: Placement,
    decision: Decision,
    block: Block,
    lot: Iterable[tuple[Candidate, str]],
    items: Mapping[str, Item],
    used: Collection[str],
    newest: Iterable[Item],
) -> tuple[list[Chosen], tuple[str, ...]]:
    """Return what stands in the row, best first, and the rules that acted: a step's best before the next step's."""
    only = placement.only or (lambda item: True)
    first = block.kind == "row"

    def pool(each: Iterable[tuple[Candidate, str]]) -> list[Pair]:
        found = [(candidate, items.get(candidate.item_key)) for candidate, _ in each]
        return [(candidate, item) for candidate, item in found if item is not None and only(item)]

    pools = [pool(each) for _, each in groupby(lot, key=itemgetter(1))]
    if first and decision.asked:
        pools = [_left_to_chance(pools, block.n, decision, used)]
    fresh = Candidate(item_key="", score=0.0, source=NEWEST, reason=Reason(code="new"))
    pools.append([(replace(fresh, item_key=item.key), item) for item in newest if first and only(item)])
    done = after(
        decision.desk.rules,
        pools,
        block.n,
        taken=used,
        brought={key: items[key] for key in decision.brought if first and key in items and only(items[key])},
        page=items.get(decision.context[0]) if len(decision.context) == 1 else None,
        row=block.kind,
        alone=decision.newest,
    )
    steps = {candidate.item_key: step for candidate, step in lot}
    steps |= {candidate.item_key: NEWEST for candidate, _ in done.chosen if candidate.source == NEWEST}
    return [(candidate, item, steps.get(item.key, "")) for candidate, item in done.chosen], done.rules


def _left_to_chance(pools: Iterable[Iterable[Pair]], n: int, decision: Decision, used: Collection[str]) -> list[Pair]:
    """Return what can stand in the row as one pool, some places of it left to chance."""
    there = {item.key: (candidate, item) for each in pools for candidate, item in each if item.key not in used}
    best = [candidate for candidate, _ in there.values()]
    shown = explore(best, n, decision.desk.tried, seed=seed_of(decision.asked))
    return [(candidate, there[candidate.item_key][1]) for candidate in shown]


def _numbered(shown: Iterable[tuple[tuple[Block, list[Chosen]], float]]) -> tuple[FilledRow, ...]:
    """Number the slots from the top; the probability of one is the item's in its row times the row's in its place."""
    rows, number = [], 0
    for (block, chosen), chance in shown:
        if block.promotion is not None:
            number += 1
            rows.append(FilledRow(block, (), _of_promotion(number, block, chance)))
            continue
        slots = tuple(
            Filled(_slot(place, candidate, block, chance), item, step)
            for place, (candidate, item, step) in enumerate(chosen, start=number + 1)
        )
        number += len(slots)
        rows.append(FilledRow(block, slots))
    return tuple(rows)


def _of_promotion(number: int, block: Block, chance: float) -> Slot:
    return Slot(
        slot=number,
        item_key="",
        source="promotion",
        score=block.weight,
        propensity=chance,
        reason=PICKED,
        block=block.name,
    )


def _slot(number: int, candidate: Candidate, block: Block, chance: float) -> Slot:
    return Slot(
        slot=number,
        item_key=candidate.item_key,
        source=candidate.source,
        score=candidate.score,
        propensity=candidate.propensity * chance,
        reason=candidate.reason,
        block=block.name,
    )
