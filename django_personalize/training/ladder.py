"""Which rungs stand: each by enough data, none that is worse than the one below it on held-out time, and none that
leads with people's own past where that has not been seen to foretell anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from django_personalize.artifacts.model import RUNGS
from django_personalize.core.arrays import Purchases
from django_personalize.training.foresight import NOBODY, Foresight, foresee

LINES = 1
BASKETS = 100
USERS = 100
PEOPLE = 100
JUDGES = 30
"""Fewest people (or held-out baskets) whose lists can say that one rung is worse than another."""
OWN_PAST_FIRST = ("neighbours", "factors")
"""Rungs whose fixed weights let what a person bought lead; the ranker learns that weight."""


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
class Rung:
    """One rung's verdict."""

    on: bool
    """Whether what it learnt is used at all: beside an item, and where it leads."""
    why: str
    ndcg: float | None
    leads: bool = False
    """Whether a personal row may be ordered by it. All rungs below the ranker order by people's own past first."""


WANTS: Mapping[str, tuple[str, int, str]] = {
    "popular": ("lines", LINES, "order lines"),
    "neighbours": ("baskets", BASKETS, "baskets of two or more items"),
    "factors": ("users", USERS, "people and baskets with two or more items"),
    "ranker": ("people", PEOPLE, "consenting people who were known and bought again in the last window"),
}


def count(purchases: Purchases, people: int) -> Data:
    """Count what `purchases` offer to the rungs."""
    sizes = np.bincount(purchases.basket) if len(purchases) else np.empty(0, dtype=np.int64)
    alone = np.bincount(purchases.basket[purchases.person < 0]) if len(purchases) else sizes
    linked = purchases.person >= 0
    n_items = max(len(purchases.item_keys), 1)
    pairs = np.unique(purchases.person[linked].astype(np.int64) * n_items + purchases.item[linked])
    per_person = np.bincount(pairs // n_items)
    return Data(
        lines=len(purchases),
        baskets=int((sizes >= 2).sum()),
        users=int((alone >= 2).sum() + (per_person >= 2).sum()),
        people=people,
        foresight=foresee(purchases),
    )


def enough(rung: str, data: Data) -> bool:
    """Return whether `rung` has the data that it wants."""
    field, wanted, _ = WANTS[rung]
    return bool(getattr(data, field) >= wanted)


def climb(data: Data, ndcg: Mapping[str, float] | None, missing: Mapping[str, str] | None = None) -> dict[str, Rung]:
    """Return a verdict for every rung above `newest`.

    `ndcg` holds each rung's NDCG@10 on held-out time, None where there were too few to judge: then data alone decides.
    `missing` says of rungs that cannot stand for another reason (no trainer installed) why.
    A rung is compared with the highest below it that leads; being as good is enough. The people who came back decide
    besides whether their past leads (`foresight`): where it is sure to foretell, it does so however few the baskets
    are; where it is not, what is learnt from baskets stays on for the rows beside an item, and leads no personal row.
    """
    verdicts: dict[str, Rung] = {}
    below, bar = "newest", -1.0
    for rung in RUNGS[1:]:
        field, wanted, words = WANTS[rung]
        has = getattr(data, field)
        measured = None if ndcg is None else ndcg.get(rung)
        sure = rung == "neighbours" and data.foresight.sure
        if missing and rung in missing:
            verdicts[rung] = Rung(on=False, why=missing[rung], ndcg=measured)
            continue
        if not enough(rung, data) and not sure:
            verdicts[rung] = Rung(on=False, why=f"waits for {wanted:,} {words}; there are {has:,}", ndcg=measured)
            continue
        if ndcg is not None and measured is None:
            verdicts[rung] = Rung(on=False, why="waits for a held-out window in which it can be measured", ndcg=None)
            continue
        if rung in OWN_PAST_FIRST and data.foresight.people and not data.foresight.sure:
            verdicts[rung] = Rung(on=True, why=f"leads no personal row until {data.foresight}", ndcg=measured)
            continue
        # Half a basket, which judges where people are few, is never shown what it holds already: of what somebody's
        # own past is worth it knows nothing.
        if measured is not None and measured < bar and not (sure and data.people < JUDGES):
            why = f"waits until it is no worse than {below}: NDCG@10 {measured:.4f} against {bar:.4f} on held-out time"
            verdicts[rung] = Rung(on=False, why=why, ndcg=measured)
            continue
        told = "too few to judge on held-out time" if measured is None else f"NDCG@10 {measured:.4f} on held-out time"
        verdicts[rung] = Rung(on=enough(rung, data), why=f"{has:,} {words}; {told}", ndcg=measured, leads=True)
        below, bar = rung, bar if measured is None else measured
    return verdicts


def manifest(verdicts: Mapping[str, Rung]) -> dict[str, Any]:
    """Return what the manifest says of the ladder: the rungs, which one leads, and what the next one waits for."""
    stands = next((rung for rung in reversed(RUNGS[1:]) if verdicts[rung].leads), "newest")
    next_up = next((rung for rung in RUNGS[RUNGS.index(stands) + 1 :]), None)
    return {
        "rungs": {name: asdict(rung) for name, rung in verdicts.items()},
        "rung": stands,
        "next": None if next_up is None else {"rung": next_up, "why": verdicts[next_up].why},
    }
