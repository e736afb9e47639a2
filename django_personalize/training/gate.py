"""What may go live: guards against models that would make the shop worse, each with its verdict in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from django_personalize.artifacts.model import Arrays, Model
from django_personalize.core.arrays import DAY, Float
from django_personalize.training.compare import Interval, Judged
from django_personalize.training.ladder import Rung
from django_personalize.training.shares import FEWEST, Shares

EXPLODED = 100.0
"""No coordinate of a sound vector comes near this; diverging ones pass it at once."""
FINITE = (
    "biases", "als_vectors", "near_weight", "together_weight", "lately_weight", "next_weight", "content_weight",
    "popularity", "clicked", "ranker", "offset", "tree_leaf",
)  # fmt: skip
"""Arrays in which a single value that is not finite spoils every score; the vectors are looked at more closely."""
KEPT_SHARE = 0.8
"""The share of the live model's listed items that a new one must still list."""
KEPT_LINES = 0.5
"""The share of the live model's order lines that a new one must still have learnt from."""
MOST = 0.5
"""No more of the recent sales, or of the most popular items, may be one buyer's or one hour's, unless that is usual."""
USUAL = 1.5
"""How much larger than before a share may be."""
STALE = 1.0
"""Days by which the last sale may lie before the live model's: the newest order may have been given back since."""
LADDERS = 0.9
"""Where two models cannot be measured on the same days, a new one's NDCG must reach this share of the live one's."""


def refusals(arrays: Arrays, verdicts: Mapping[str, Rung], as_of: float, live: Model | None) -> list[str]:
    """Return what speaks against arrays in words: empty, exploded, shrunken or stale; nothing where they are sound."""
    return [*_data(arrays), *_vectors(arrays, verdicts), *_catalogue(arrays, live), *_age(arrays, as_of, live)]


def sales(counts: Mapping[str, int], shares: Shares, live: Model | None) -> list[str]:
    """Return what speaks against the sales that were learnt from: far fewer, or mostly one buyer's or one hour's.

    Shares are held against those of the weeks before and of what the live model learnt from. Without a live model
    nothing is refused: nothing better would be shown.
    """
    if live is None:
        return []
    found = []
    old = int(live.manifest.get("counts", {}).get("lines", 0))
    if counts["lines"] < KEPT_LINES * old:
        found.append(
            f"Sales are missing: {counts['lines']:,} order lines against {old:,} in the live model, under 50 %."
        )
    if shares.lines < FEWEST:
        return found
    then = live.manifest.get("metrics", {}).get("shares", {})
    for who, share, before, top in (
        ("buyer", shares.buyer, shares.buyer_before, shares.top_buyer),
        ("hour", shares.hour, shares.hour_before, shares.top_hour),
    ):
        before = max(before, float(then.get(who, 0.0)))
        if share > MOST and share > USUAL * before:
            found.append(
                f"One {who} makes {share:.0%} of the {shares.lines:,} order lines of the last 7 days; before it was at "
                f"most {before:.0%}. That may be a flood of forged or mistaken orders."
            )
        if top > MOST and float(then.get(f"top_{who}", 0.0)) <= MOST:
            found.append(f"One {who} makes most of the sales of {top:.0%} of the ten most popular items.")
    return found


def quality(judged: Judged | None, live: Model | None) -> list[str]:
    """Return what speaks against a model on held-out time, where it is surely worse: noise blocks nothing."""
    if judged is None:
        return []
    found = []
    if judged.popular.high < 0:
        found.append(
            f"It is worse than recent popularity on held-out time: NDCG@10 {_told(judged.popular)} "
            f"over {judged.people:,} {judged.by}."
        )
    if judged.live is not None and judged.live.high < 0:
        found.append(
            f"It is worse than the live model on the same held-out time: NDCG@10 {_told(judged.live)} "
            f"over {judged.people:,} {judged.by}."
        )
    theirs = _ladder(judged, live)
    if theirs is not None and judged.ndcg.high < LADDERS * theirs:
        found.append(
            f"It is worse than the live model: NDCG@10 {judged.ndcg.mean:.4f}, at best {judged.ndcg.high:.4f}, against "
            f"{theirs:.4f} by the ladder of the live model, on other days."
        )
    return found


def beside(judged: Judged, live: Model | None) -> str:
    """Return how a model that nothing speaks against did beside recent popularity and the live model, in words."""
    words = [f"Beside recent popularity NDCG@10 {_told(judged.popular)} over {judged.people:,} {judged.by}."]
    theirs = _ladder(judged, live)
    if judged.live is not None:
        words.append(f"Beside the live model on the same days {_told(judged.live)}.")
    elif theirs is not None:
        words.append(
            "The live model knows the held-out days, so that both cannot be compared fairly on them; by their ladders "
            f"{judged.ndcg.mean:.4f} against {theirs:.4f}."
        )
    return " ".join(words)


def _ladder(judged: Judged, live: Model | None) -> float | None:
    """Return what the live model's own ladder says of it; None where both were measured together, or by others."""
    if live is None or judged.live is not None:
        return None
    metrics = live.manifest.get("metrics", {})
    if metrics.get("judged_by") != judged.by:
        return None
    found = metrics.get("rungs", {}).get(live.rung)
    return None if found is None else float(found["ndcg"])


def _told(difference: Interval) -> str:
    return f"{difference.mean:+.4f} (between {difference.low:+.4f} and {difference.high:+.4f})"


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
    found = [f"The {name} hold values that are not finite." for name in FINITE if not np.isfinite(arrays[name]).all()]
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


def _age(arrays: Arrays, as_of: float, live: Model | None) -> list[str]:
    if live is None:
        return []
    if as_of < live.as_of:
        days = (live.as_of - as_of) / DAY
        return [f"It is stale: what it learnt from ends {days:.1f} days before what the live model learnt from."]
    if not arrays["idle"].size or not live.idle.size:
        return []
    missing = (live.as_of - float(live.idle.min()) * DAY - (as_of - float(arrays["idle"].min()) * DAY)) / DAY
    if missing > STALE:
        return [f"It is stale: its last sale is {missing:.1f} days before the last one that the live model knows."]
    return []
