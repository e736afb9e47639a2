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

    Such a place goes to one of the best `share / FLOOR` candidates that have no place yet, each as likely as the other
    (the mixture of a greedy and a uniform policy); any other place to the best of them. `propensity` is the chance that
    the candidate got its place, given those before it. What follows after the first `n` keeps its order. Nothing is
    explored where `share` leaves fewer than two in play. Every candidate must be one that can be shown: what falls out
    later would move the others.
    """
    in_play = round(share / FLOOR)
    if in_play < 2:
        return tuple(candidates)
    chance = np.random.default_rng(seed)
    left = list(candidates)
    placed = []
    for _ in range(min(n, len(left))):
        open_to = min(in_play, len(left))
        by_chance = bool(chance.random() < share)
        place = int(chance.integers(open_to)) if by_chance else 0
        chosen = left.pop(place)
        propensity = share / open_to + (1.0 - share if place == 0 else 0.0)
        placed.append(replace(chosen, propensity=propensity, source=SOURCE if by_chance else chosen.source))
    return (*placed, *left)


def seed_of(*parts: str) -> int:
    """Return the seed that belongs to a question: equal parts explore alike, and nobody outside can tell how."""
    return int(digest("explore", "\0".join(parts))[:16], 16)
