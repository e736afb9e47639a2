"""Choosing: pipeline, then rules, as one pure function of query and model. It writes nothing and asks no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Candidate, Query, Ranking
from django_personalize.models import Promotion, Rule
from django_personalize.placements.defaults import Placement
from django_personalize.placements.home import PER_ROW, rank
from django_personalize.placements.rules import before, exclusions
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.pipeline import NEWEST, climb, pipelines
from django_personalize.recommend.ranking import NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the merchandiser has set that concerns one placement for whoever asks."""

    rules: tuple[Rule, ...] = ()
    """In the order in which they act."""
    promotions: tuple[Promotion, ...] = ()
    """Those that this shopper may see, whatever they are drawn to."""
    seed: str = ""
    """What a composed page tries other orders by; empty where nothing is tried."""
    tried: float = 0.0
    """The share of pages on which another order is tried, and of places of a row that are left to chance."""


NOTHING_SET = Desk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A row to be: more candidates than places. Or one promotion."""

    name: str
    """What decisions call it: `row:<pipeline>`, `category:<name>`, `brand:<name>` or `promotion:<id>` on a composed
    page; empty where there is one row only.
    """
    kind: str = "row"
    title: str = ""
    """A category's or brand's name; empty else."""
    n: int = 0
    candidates: tuple[tuple[Candidate, str], ...] = ()
    """Every candidate once, best first, each with the step of the pipeline that gave it."""
    weight: float = 0.0
    promotion: Promotion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was chosen, before the shop's tables say what can be sold."""

    placement: str
    pipeline: str
    rung: str
    model_version: int | None
    context: tuple[str, ...]
    rules: tuple[str, ...]
    experiment: str
    variant: str
    blocks: tuple[Block, ...]
    newest: bool
    """Whether the shop's newest may fill the first row, where all else is too little."""
    desk: Desk
    """What the merchandiser has set, for what is said of items once the shop has said what it sells."""
    brought: tuple[str, ...]
    """Keys that a rule may bring in."""
    asked: str
    """What settles which places of the first row are left to chance; empty where none is."""


def decide(
    placement: Placement,
    query: Query,
    model: Model | None,
    *,
    desk: Desk = NOTHING_SET,
    experiment: str = "",
    variant: str = "",
    asked: str = "",
) -> Decision:
    """Choose for this query; equal arguments give an equal decision.

    `asked` settles what is left to chance, in rows that may be filled and that no rule touches; '' leaves nothing so.
    """
    exclude, rules = exclusions(query.context, query.exclude, query.history.dismissed)
    if query.had - exclude:
        exclude, rules = exclude | query.had, (*rules, "exclude:had")
    said = before(desk.rules, model)
    query = replace(query, exclude=exclude | said.exclude)
    asking = Asking(query, model)
    ladder = climb(placement.pipeline, asking)
    row = Block(name="", n=query.n, candidates=_joined(ladder, query.n))
    blocks = _composed(asking, row, placement, desk) if placement.categories else (row,)
    first = ladder[0] if ladder else NOTHING
    fills = NEWEST in pipelines()[placement.pipeline]
    return Decision(
        placement=placement.slug,
        pipeline=placement.pipeline,
        rung=first.rung,
        model_version=first.model_version,
        context=query.context,
        rules=(*rules, *said.rules),
        experiment=experiment,
        variant=variant,
        blocks=blocks,
        newest=fills,
        desk=desk,
        brought=said.bring,
        asked=asked if fills and not desk.rules else "",
    )


def _composed(asking: Asking, row: Block, placement: Placement, desk: Desk) -> tuple[Block, ...]:
    """Return the blocks of the homepage in the order of its one policy, `row` among them."""
    return tuple(
        replace(row, name=each.name, weight=each.weight)
        if each.kind == "row"
        else Block(
            name=each.name,
            kind=each.kind,
            title=each.title,
            n=PER_ROW,
            candidates=tuple((candidate, "") for candidate in each.candidates),
            weight=each.weight,
            promotion=each.promotion,
        )
        for each in rank(asking, [placement.pipeline], desk.promotions)
    )


def _joined(ladder: Sequence[Ranking], n: int) -> tuple[tuple[Candidate, str], ...]:
    """Return what the steps say as one row, each item where it comes first.

    Of a lower step at most twice the places: all before it would have to be sold out.
    """
    found: dict[str, tuple[Candidate, str]] = {}
    for rung, ranking in enumerate(ladder):
        for candidate in ranking.candidates[: 2 * n if rung else None]:
            found.setdefault(candidate.item_key, (candidate, ranking.step))
    return tuple(found.values())
