"""How much more often than others each item is clicked where it is seen, of all who may be counted, with no key of any.

Where slots were drawn at random, with their propensity logged, what was shown further down counts as seen less.
Correcting for the slot without having drawn at random makes what was shown first stay first, and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from django_personalize.core.arrays import DAY, Double, Float
from django_personalize.training.feedback import Feedback

HALF_LIFE = 30.0
"""Days."""
CALM = 20.0
"""Impressions without a peculiarity that are added to each item's."""
ENOUGH = 200.0
"""Effective impressions in a slot that was drawn at random, from which its examination may be told."""
FEWEST = 1_000
"""Clicks from which they say more of items than of luck."""
LEAST = 0.2
"""No slot counts as examined less than this: one click would count for more than five."""


def examination(feedback: Feedback, before: float) -> Double | None:
    """Return (slots,) how often each slot is looked at beside the first one, from 1 down to `LEAST`; None where too
    little was drawn at random to tell.

    exam_k = CTR(k | random) / CTR(1 | random), each CTR the self-normalised sum over what was drawn at random (a
    propensity below 1), weighed by 1 / propensity: the clicks that anything at all would get there. A slot can be told
    from `ENOUGH` effective impressions, (sum w)^2 / sum w^2; slots beyond the last that can be, as that one.
    """
    drawn = (feedback.propensity < 1) & (feedback.propensity > 0) & feedback.usual & (feedback.time < before)
    weight = 1.0 / feedback.propensity[drawn].astype(np.float64)
    slot, hit = feedback.slot[drawn], feedback.clicked[drawn] < before
    rates: list[float] = []
    while True:
        here = weight * (slot == len(rates) + 1)
        squares = float((here**2).sum())
        if not squares or float(here.sum()) ** 2 / squares < ENOUGH:
            break
        rates.append(float((here * hit).sum() / here.sum()))
    if len(rates) < 2 or not rates[0]:
        return None
    ratios: Double = np.minimum.accumulate(np.clip(np.array(rates) / rates[0], LEAST, 1.0))
    return ratios


def clicks(feedback: Feedback, before: float, index: Mapping[str, int]) -> Float:
    """Return (items,) the log of how much more often than the mean each item is clicked where it is seen; 0 where
    nothing is known, and everywhere below `FEWEST` clicks. `index` gives the places.

    log((c_i / m + M) / (e_i + M)), c the clicks and e the impressions before `before`, either decayed with a half-life
    of 30 days, e times the examination of its slot where that can be told, m = sum c / sum e, M = 20.
    """
    told = np.zeros(len(index), dtype=np.float32)
    rows = np.flatnonzero(feedback.usual & (feedback.time < before))
    hit = feedback.clicked[rows] < before
    if hit.sum() < FEWEST:
        return told
    weight = np.exp2(-(before - feedback.time[rows]) / DAY / HALF_LIFE)
    exam = examination(feedback, before)
    seen = weight if exam is None else weight * exam[np.minimum(feedback.slot[rows], len(exam)) - 1]
    item, n = feedback.item[rows], len(feedback.item_keys)
    shown = np.bincount(item, weights=seen, minlength=n)
    hits = np.bincount(item, weights=weight * hit, minlength=n)
    mean = hits.sum() / shown.sum()
    places = np.array([index.get(key, -1) for key in feedback.item_keys], dtype=np.int64)
    rate = np.log((hits / mean + CALM) / (shown + CALM))
    told[places[places >= 0]] = rate[places >= 0]
    return told
