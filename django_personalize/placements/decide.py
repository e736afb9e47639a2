"""Choosing: pipeline, then rules, as one pure function of query and model. It writes nothing and asks no database."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Candidate, Query
from django_personalize.placements.rules import exclusions
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.categories import rank_categories, top_of_category
from django_personalize.recommend.pipeline import NOTHING, rank_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A named place with its defaults."""

    slug: str
    title: str | Promise
    pipeline: str
    impersonal_title: str | Promise = ""
    """What it is called where no history had a say; empty where `title` is true of everybody."""
    n: int
    fill: bool = True
    """Whether best sellers may complete a row that is short; what is bought together is never padded."""
    categories: int = 0
    """How many rows by category follow the first row."""


PLACEMENTS = {
    placement.slug: placement
    for placement in (
        Placement(slug="you-may-also-like", title=_("You may also like"), pipeline="similar", n=8),
        Placement(
            slug="frequently-bought-together",
            title=_("Frequently bought together"),
            pipeline="bought_together",
            n=6,
            fill=False,
        ),
        Placement(
            slug="personal-home",
            title=_("Picked for you"),
            impersonal_title=_("Best sellers"),
            pipeline="personal",
            n=8,
            categories=5,
        ),
    )
}
PER_CATEGORY = 6
SPARE = 3
"""How many times more is chosen than shown, since render drops what is sold out or hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A row to be: more candidates than places, best first."""

    name: str
    n: int
    candidates: tuple[Candidate, ...]
    fill: bool


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
    spare: tuple[Candidate, ...]
    """Best sellers for the blocks that may be filled."""


def decide(placement: Placement, query: Query, model: Model | None) -> Decision:
    """Choose for this query; equal arguments give an equal decision."""
    exclude, rules = exclusions(query.context, query.exclude, query.history.dismissed)
    query = replace(query, exclude=exclude)
    asking = None if model is None else Asking(query, model)
    ranking = NOTHING if asking is None else rank_of(placement.pipeline, asking)
    blocks = [Block(name="", n=query.n, candidates=ranking.candidates, fill=placement.fill)]
    if placement.categories and asking is not None:
        # More categories than rows: one whose items are all sold out gives its row to the next.
        for category in rank_categories(asking)[: placement.categories + SPARE]:
            candidates = top_of_category(asking, category, PER_CATEGORY * SPARE)
            blocks.append(Block(name=category, n=PER_CATEGORY, candidates=candidates, fill=False))
    return Decision(
        placement=placement.slug,
        pipeline=placement.pipeline,
        rung=ranking.rung,
        model_version=ranking.model_version,
        context=query.context,
        rules=rules,
        experiment="",  # none runs yet, and that is what is written
        variant="",
        blocks=tuple(blocks),
        spare=rank_of("best_sellers", asking).candidates if placement.fill and asking is not None else (),
    )
