"""The personal homepage: one policy for its product rows, categories, brands and promotions.

Every block has a weight, and the page is in the order of weights:

    weight = base of its kind * affinity * lift * recency * 1.1 ** priority

Affinity is how much of the person's past is of it beside the best of its kind (`recommend.groups`), for nobody's past
what sells; lift is what clicks, and how long was read after them, have taught of this block (`training.blocks`);
recency and priority are a promotion's. Now and then two neighbours change places, so that what stands low can show what
it is worth: by how often, exactly, is written down with each slot. For crawlers, and without a yes, nothing is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django_personalize.core.hashing import digest
from django_personalize.core.types import Candidate
from django_personalize.events.vocabulary import PROMOTION_BLOCK
from django_personalize.models import Promotion
from django_personalize.models.promotion import Look
from django_personalize.placements.promotions import is_for_fans_of
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.groups import Shares, brands, categories

BASE = {"row": 1.0, "category": 0.9, "brand": 0.7, "promotion": 1.0}
MOST = {"category": 5, "brand": 2, Look.BANNER: 2, Look.CARD: 4}
"""Blocks of each kind on one page."""
SPARE = 3
"""Categories and brands more than are shown: one whose items are all sold out gives its place to the next."""
PER_ROW = 6
FRESH = timedelta(days=7)
"""A promotion is a quarter heavier when it begins, half of that a week later, and so on."""
Block = TypeVar("Block")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A block of the page to be."""

    name: str
    """`row:<pipeline>`, `category:<name>`, `brand:<name>` or `promotion:<id>`: what decisions and models call it."""
    kind: str
    title: str
    """A category's or brand's name; empty else."""
    weight: float
    candidates: tuple[Candidate, ...] = ()
    """More than are shown, best first; none for a promotion."""
    promotion: Promotion | None = None


def rank(
    asking: Asking,
    rows: Iterable[str],
    promotions: Iterable[Promotion],
) -> tuple[Ranked, ...]:
    """Return the page's blocks, heaviest first, ties by name; equal arguments give an equal page.

    `rows` are the pipelines of its product rows, whose candidates the caller has, and `promotions` those that this
    shopper may see.
    """
    model, as_of = asking.model, asking.query.as_of
    lifts = dict(zip(model.blocks, model.block_lift.tolist(), strict=True))
    blocks = [_block("row", pipeline, "", 1.0, lifts) for pipeline in rows]
    shares = {"category": Shares(asking, categories(model)), "brand": Shares(asking, brands(model))}
    affinity: dict[str, float] = {}
    for kind, each in shares.items():
        affinity |= {f"{kind}:{name}": value for name, value in each.affinity.items()}
        # A brand has a row of its own for those alone who have had to do with it.
        names = [name for name in each.ranked() if kind == "category" or name in each.drawn_to]
        for name in names[: MOST[kind] + SPARE]:
            found = each.top(name, PER_ROW * SPARE)
            blocks.append(_block(kind, name, name, each.affinity[name], lifts, candidates=found))
    drawn_to = shares["category"].drawn_to, shares["brand"].drawn_to
    meant = [each for each in promotions if is_for_fans_of(each, *drawn_to)]
    for look in Look:
        mine = [_of_promotion(each, affinity, lifts, as_of) for each in meant if each.look == look]
        blocks += sorted(mine, key=_order)[: MOST[look]]
    return tuple(sorted(blocks, key=_order))


def _order(block: Ranked) -> tuple[float, str]:
    return -block.weight, block.name


def _block(
    kind: str,
    name: str,
    title: str,
    affinity: float,
    lifts: Mapping[str, float],
    *,
    candidates: tuple[Candidate, ...] = (),
    promotion: Promotion | None = None,
    more: float = 1.0,
) -> Ranked:
    whole = f"{kind}:{name}"
    return Ranked(
        name=whole,
        kind=kind,
        title=title,
        weight=round(BASE[kind] * affinity * lifts.get(whole, 1.0) * more, 9),
        candidates=candidates,
        promotion=promotion,
    )


def _of_promotion(
    promotion: Promotion, affinity: Mapping[str, float], lifts: Mapping[str, float], as_of: datetime
) -> Ranked:
    """One that names categories or brands is as heavy as the best of them is dear to the person, from a half on."""
    names = [f"category:{name}" for name in promotion.categories] + [f"brand:{name}" for name in promotion.brands]
    dear = 0.5 + max((affinity.get(name, 0.0) for name in names), default=0.5)
    since = promotion.starts_at
    fresh = 1.0 if since is None else 1.0 + 0.25 * 0.5 ** (max(as_of - since, timedelta()) / FRESH)
    more = float(fresh * 1.1**promotion.priority)
    return _block(PROMOTION_BLOCK.removesuffix(":"), str(promotion.pk), "", dear, lifts, promotion=promotion, more=more)


def explored(blocks: Sequence[Block], seed: str, share: float) -> list[tuple[Block, float]]:
    """Return the blocks of a page in the order in which they are shown, each with the probability of its place.

    With probability `share` one pair of neighbours, any as likely as any other, changes places; equal seeds do alike.
    Of B blocks one that kept its place had 1 - share k / (B - 1), with k of the B - 1 pairs touching it; one that
    changed it share / (B - 1).
    """
    pairs = len(blocks) - 1
    if pairs < 1 or not seed or not share:
        return [(block, 1.0) for block in blocks]
    kept = [1.0 - share * ((place > 0) + (place < pairs)) / pairs for place in range(len(blocks))]
    shown = list(zip(blocks, kept, strict=True))
    drawn = digest("home", seed)
    if int(drawn[:13], 16) < share * 16**13:
        first = int(drawn[13:39], 16) % pairs
        moved = share / pairs
        shown[first : first + 2] = [(shown[first + 1][0], moved), (shown[first][0], moved)]
    return shown


def seed_of(visitor: object, as_of: datetime, model_version: int | None) -> str:
    """Return what one visitor's page of one day and model is drawn by: it does not change from one look to the next."""
    return f"{visitor}/{as_of:%Y-%m-%d}/{model_version}"
