"""What may go live: guards against models that would make the shop worse, each with its verdict in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from django_personalize.artifacts.model import Arrays, Model
from django_personalize.core.arrays import DAY, Float
from django_personalize.training.ladder import Rung

EXPLODED = 100.0
"""No coordinate of a sound vector comes near this; diverging ones pass it at once."""
KEPT_SHARE = 0.8
"""The share of the live model's listed items that a new one must still list."""


def refusals(arrays: Arrays, verdicts: Mapping[str, Rung], as_of: float, live: Model | None) -> list[str]:
    """Return every reason why the live version should stay, in words; empty where this one may take its place.

    Quality is not among them: the ladder has already switched off each rung that is worse than the one below.
    """
    return [*_data(arrays), *_vectors(arrays, verdicts), *_catalogue(arrays, live), *_age(as_of, live)]


def sound(vectors: Float) -> bool:
    """Return whether vectors are finite and have not exploded."""
    return bool(np.isfinite(vectors).all() and np.abs(vectors).max(initial=0.0) <= EXPLODED)


def _data(arrays: Arrays) -> list[str]:
    if not len(arrays["item_keys"]) or not arrays["listed"].any():
        return ["No item of the catalogue is in it."]
    if not arrays["popularity"].any():
        return ["There was nothing to learn from: no order line is left."]
    return []


def _vectors(arrays: Arrays, verdicts: Mapping[str, Rung]) -> list[str]:
    found = [
        f"The {name} hold values that are not finite."
        for name in ("biases", "near_weight", "together_weight", "popularity", "ranker")
        if not np.isfinite(arrays[name]).all()
    ]
    vectors = arrays["vectors"]
    if not vectors.size:
        return found
    if not np.isfinite(vectors).all():
        found.append("The vectors hold values that are not finite.")
    elif np.abs(vectors).max() > EXPLODED:
        found.append(
            f"The vectors exploded: one coordinate is {np.abs(vectors).max():.3g}, a sound one stays below 100."
        )
    elif verdicts["factors"].on and not vectors.any():
        found.append("The vectors are all zero: nothing was learnt.")
    return found


def _catalogue(arrays: Arrays, live: Model | None) -> list[str]:
    if live is None:
        return []
    new, old = int(arrays["listed"].sum()), int(live.listed.sum())
    if new < KEPT_SHARE * old:
        return [f"The catalogue shrank: {new:,} items against {old:,} in the live model, less than 80 %."]
    return []


def _age(as_of: float, live: Model | None) -> list[str]:
    if live is None or as_of >= live.as_of:
        return []
    days = (live.as_of - as_of) / DAY
    return [f"It is stale: what it learnt from ends {days:.1f} days before what the live model learnt from."]
