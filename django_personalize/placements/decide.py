"""Choosing: pipeline, then rules, as one pure function of query and model. It writes nothing and asks no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Candidate, Query, Ranking
from django_personalize.placements.defaults import Placement
from django_personalize.placements.rules import exclusions
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.categories import rank_categories, top_of_category
from django_personalize.recommend.pipeline import NEWEST, climb, pipelines
from django_personalize.recommend.ranking import NOTHING

PER_CATEGORY = 6
SPARE = 3
"""How many times more of a category is chosen than shown, since render drops what is sold out or hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A row to be: more candidates than places."""

    name: str
    """A category's; empty for the first row."""
    n: int
    candidates: tuple[tuple[Candidate, str], ...]
    """Every candidate once, best first, each with the step of the pipeline that gave it."""


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


def decide(
    placement: Placement, query: Query, model: Model | None, *, experiment: str = "", variant: str = ""
) -> Decision:
    """Choose for this query; equal arguments give an equal decision."""
    exclude, rules = exclusions(query.context, query.exclude, query.history.dismissed)
    if query.had - exclude:
        exclude, rules = exclude | query.had, (*rules, "exclude:had")
    query = replace(query, exclude=exclude)
    asking = Asking(query, model)
    ladder = climb(placement.pipeline, asking)
    # Before the shop is asked: what a rule pins joins the candidates here, so that the same query answers for it.
    blocks = [Block(name="", n=query.n, candidates=_joined(ladder, query.n))]
    if placement.categories and asking.learnt:
        # More categories than rows: one whose items are all sold out gives its row to the next.
        for category in rank_categories(asking)[: placement.categories + SPARE]:
            best = top_of_category(asking, category, PER_CATEGORY * SPARE)
            blocks.append(Block(name=category, n=PER_CATEGORY, candidates=tuple((each, "") for each in best)))
    first = ladder[0] if ladder else NOTHING
    return Decision(
        placement=placement.slug,
        pipeline=placement.pipeline,
        rung=first.rung,
        model_version=first.model_version,
        context=query.context,
        rules=rules,
        experiment=experiment,
        variant=variant,
        blocks=tuple(blocks),
        newest=NEWEST in pipelines()[placement.pipeline],
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
