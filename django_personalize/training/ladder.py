"""Which rungs stand, each by enough data, and which of them lead: none that is not sure to gain over the one below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from django_personalize.artifacts.model import RUNGS
from django_personalize.core.arrays import Double, Purchases
from django_personalize.training.foresight import NOBODY, Foresight
from django_personalize.training.metrics import interval

LINES = 1
BASKETS = 100
USERS = 100
PEOPLE = 100
JUDGES = 30
"""Fewest people (or held-out baskets) whose lists can say that one rung is worse than another."""
SOON = 7.0
"""Days after the cut in which a rung may not lose either: a page is asked by a model of last night, and what only pays
a month ahead, as the return of what is out of fashion, costs there.
"""
PEOPLE_JUDGE, BASKETS_JUDGE = "people", "baskets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What the rungs wait for."""

    lines: int
    """Order lines left after returns."""
    baskets: int
    """Baskets of two or more items."""
    users: int
    """Rows of the factor fit: linked people, and unlinked baskets, of two or more items."""
    people: int
    """People known before a window who bought in it: the ranker learns from them."""
    foresight: Foresight = NOBODY
    """Whether what people bought foretells what they buy next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How each rung did on held-out time; no rung at all where too few could judge."""

    by: str
    """`people`, or `baskets` where too few people are linked."""
    ndcg: Mapping[str, Double]
    """Each judge's NDCG@10 of the personal row on each rung, in equal order."""
    soon: Mapping[str, Double] = field(default_factory=dict)
    """The same by the first `SOON` days alone, of those who bought in them; empty where too few did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One rung's verdict."""

    on: bool
    """Whether what it learnt is used at all: beside an item, and where it leads."""
    why: str
    ndcg: float | None
    leads: bool = False
    """Whether a personal row may be ordered by it."""


WANTS: Mapping[str, tuple[str, int, str]] = {
    "popular": ("lines", LINES, "order lines"),
    "neighbours": ("baskets", BASKETS, "baskets of two or more items"),
    "factors": ("users", USERS, "people and baskets with two or more items"),
    "ranker": ("people", PEOPLE, "consenting people who were known and bought again in the last window"),
}


def count(purchases: Purchases, people: int, foresight: Foresight = NOBODY) -> Data:
    """Count what `purchases` offer to the rungs."""
    sizes = np.bincount(purchases.basket) if len(purchases) else np.empty(0, dtype=np.int64)
    alone = np.bincount(purchases.basket[purchases.person < 0]) if len(purchases) else sizes
    linked = purchases.person >= 0
    pairs = np.unique(np.stack([purchases.person[linked], purchases.item[linked]]), axis=1)
    per_person = np.bincount(pairs[0]) if pairs.size else np.empty(0, dtype=np.int64)
    return Data(
        lines=len(purchases),
        baskets=int((sizes >= 2).sum()),
        users=int((alone >= 2).sum() + (per_person >= 2).sum()),
        people=people,
        foresight=foresight,
    )


def enough(rung: str, data: Data) -> bool:
    """Return whether `rung` has the data that it wants."""
    counted, wanted, _ = WANTS[rung]
    return bool(getattr(data, counted) >= wanted)


def climb(data: Data, judged: Judged | None, missing: Mapping[str, str] | None = None) -> dict[str, Rung]:
    """Return a verdict for every rung above `newest`.

    `judged` says how each rung did on held-out time; None where nothing was held out: then data alone decides.
    `missing` says of rungs that cannot stand for another reason (no trainer installed) why.
    A rung leads personal rows where it is sure to gain, judge by judge, over the highest below it that leads. Any other
    stays on for the rows beside an item, whose pairs have a proof of their own, and leads none.
    """
    verdicts: dict[str, Rung] = {}
    below = "newest"
    for rung in RUNGS[1:]:
        counted, wanted, words = WANTS[rung]
        has = getattr(data, counted)
        each = None if judged is None else judged.ndcg.get(rung)
        measured = None if each is None else float(each.mean())
        if missing and rung in missing:
            verdicts[rung] = Rung(on=False, why=missing[rung], ndcg=measured)
            continue
        if not enough(rung, data):
            verdicts[rung] = Rung(on=False, why=f"waits for {wanted:,} {words}; there are {has:,}", ndcg=measured)
            continue
        doubt = "" if judged is None or below == "newest" else _doubt(rung, below, data, judged)
        if doubt:
            verdicts[rung] = Rung(on=True, why=doubt, ndcg=measured)
            continue
        told = "not judged" if measured is None else f"NDCG@10 {measured:.4f} on held-out time"
        verdicts[rung] = Rung(on=True, why=f"{has:,} {words}; {told}", ndcg=measured, leads=True)
        below = rung
    return verdicts


def _doubt(rung: str, below: str, data: Data, judged: Judged) -> str:
    """Return why `rung` leads no personal row; '' where it does."""
    if rung not in judged.ndcg:
        return "leads no personal row until there is a held-out window in which it can be measured"
    gains = judged.ndcg[rung] - judged.ndcg[below]
    low, high = interval(gains)
    told = f"NDCG@10 {gains.mean():+.4f} (between {low:+.4f} and {high:+.4f}) beside {below} on held-out time"
    if high < 0:
        return f"leads no personal row until it is no worse: {told}"
    if low <= 0:
        return f"leads no personal row until its gain is sure: {told}"
    # Half a basket is never shown what it holds already: of what somebody's own past is worth it knows nothing.
    if judged.by == BASKETS_JUDGE and data.foresight.people and not data.foresight.sure:
        return f"leads no personal row until {data.foresight}"
    if rung in judged.soon and (soon := float((judged.soon[rung] - judged.soon[below]).mean())) < 0:
        return f"leads no personal row while it loses in the first {SOON:g} days: NDCG@10 {soon:+.4f} there; {told}"
    return ""


def manifest(verdicts: Mapping[str, Rung]) -> dict[str, Any]:
    """Return what the manifest says of the ladder: the rungs, which one leads, and what the next one waits for."""
    stands = next((rung for rung in reversed(RUNGS[1:]) if verdicts[rung].leads), "newest")
    next_up = next((rung for rung in RUNGS[RUNGS.index(stands) + 1 :]), None)
    return {
        "rungs": {name: asdict(rung) for name, rung in verdicts.items()},
        "rung": stands,
        "next": None if next_up is None else {"rung": next_up, "why": verdicts[next_up].why},
    }
