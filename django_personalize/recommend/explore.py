"""A small share of a row's places is left to chance, so that what is never shown can be found, and so that what a place
adds to an item can be told from what the item is worth. Whatever is chosen carries its exact propensity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from django_personalize.core.hashing import digest
from django_personalize.core.types import Candidate

SOURCE = "explore"
"""The source of a candidate whose place was left to chance, whichever candidate chance then chose."""
FLOOR = 0.01
"""No candidate in play has a smaller propensity: what is as good as never shown teaches nothing and weighs a ton."""


def explore(candidates: Sequence[Candidate], n: int, share: float, *, seed: int) -> tuple[Candidate, ...]:
    """Return `candidates`, best first, with each of the first `n` places left to chance with probability `share`.

    Such a place goes to one of the `share / FLOOR` candidates that the row has no room for, each as likely as the
    other; any other place to the best that has none yet. So every place that is left to chance draws from the same
    candidates, and what one gets more than another it owes to itself. `propensity` is the chance that the candidate got
    its place, given those before it. What follows after the first `n` keeps its order. Every candidate must be one that
    can be shown: what falls out later would move the others.
    """
    in_play = list(candidates[n : n + round(share / FLOOR)])
    best = [*candidates[:n], *candidates[n + len(in_play) :]]
    if not in_play:
        return tuple(candidates)
    chance = np.random.default_rng(seed)
    placed: list[Candidate] = []
    while len(placed) < n:
        drawn, place = chance.random(), chance.random()
        if not in_play:
            placed.append(replace(best.pop(0), propensity=1.0))
        elif drawn < share:
            chosen = in_play.pop(int(place * len(in_play)))
            placed.append(replace(chosen, propensity=share / (len(in_play) + 1), source=SOURCE))
        else:
            placed.append(replace(best.pop(0), propensity=1.0 - share))
    behind = {each.item_key for each in (*best, *in_play)}
    return (*placed, *(each for each in candidates if each.item_key in behind))


def seed_of(*parts: str) -> int:
    """Return the seed that belongs to a question: equal parts explore alike, and nobody outside can tell how."""
    return int(digest("explore", "\0".join(parts))[:16], 16)
