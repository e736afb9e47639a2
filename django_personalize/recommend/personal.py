"""Every item's standing with one person: the ranker where it stands, a plain sum of what there is where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import Float, Int
from django_personalize.core.types import Candidate, Reason
from django_personalize.recommend import explain
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.features import NAMES, Rows, Scored, rows, scored
from django_personalize.recommend.fold_in import mean_vector
from django_personalize.recommend.generators import GENERATORS, top
from django_personalize.recommend.profile import Profile, without
from django_personalize.recommend.rerankers import rerank, unless_had
from django_personalize.recommend.tilt import tilted
from django_personalize.recommend.trees import trees

BLENDS: Mapping[str, Mapping[str, float]] = {
    "popular": {"popular": 1.0},
    "neighbours": {"own": 1.0, "neighbours": 0.3, "lately": 0.5, "sequence": 0.3, "popular": 0.5},
    "factors": {
        "own": 1.0,
        "neighbours": 0.3,
        "lately": 0.5,
        "sequence": 0.3,
        "factors": 0.5,
        "als": 0.5,
        "popular": 0.5,
    },
}
"""Weights of standardised generator scores on the rungs below the ranker, for shops whose people are too few to fit
one. Each rung adds to the one below; chosen on a validation window, see docs/learning.md, but for `sequence`: its
weight is that of the neighbours, since no order says anything of visits.
"""
TREED = 60
"""Candidates that the ranker's trees are asked about: they cost ten times what its weights do."""
UNSEEN: Mapping[str, Mapping[str, float]] = {
    "neighbours": {"own": 1.0, "neighbours": 1.0, "sequence": 0.3, "popular": 0.25},
    "factors": {"own": 1.0, "neighbours": 1.0, "factors": 2.0, "sequence": 0.3, "popular": 0.1},
}
"""The same for somebody who came after the model had learnt: a few items of one visit say what it is about, and what
the past of the others taught the ranker does not hold for them. Chosen likewise.
"""
SAMPLE = 1_000
"""Items that tell how widely scores spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Candidates of one person, in index order."""

    item: Int
    score: Float
    weights: NDArray[np.float64]
    """Over `features.NAMES`; what made `score`."""
    rows: Rows
    rung: str


def standing(
    model: Model,
    person: Profile,
    *,
    allowed: NDArray[np.bool_] | None = None,
    rung: str | None = None,
    given: Scored | None = None,
) -> Standing:
    """Score the candidates of `person` on `rung`: unless given the model's highest, for somebody unseen the highest
    below the ranker, and `popular` for nobody's past.
    """
    rung = (rung or _highest(model, person)) if person else "popular"
    if rung == "newest":
        rung = "popular"
    return order_by(model, rows(model, person, allowed=allowed, given=given), rung, unseen=person.unseen)


def _highest(model: Model, person: Profile) -> str:
    if person.unseen and model.rung == "ranker":
        return next((rung for rung in ("factors", "neighbours") if rung in model.rungs), "popular")
    return model.rung


def order_by(model: Model, found: Rows, rung: str, *, unseen: bool = False) -> Standing:
    """Score candidates by the weights of `rung`; the ranker's trees have their say on those that its weights put
    first, and `popular` leans towards the person as far as the model has found that it should.
    """
    weights = weights_of(model, rung, unseen=unseen)
    if rung == "popular":
        score = tilted(model, found.person)[found.item]
    else:
        score = (found.features @ weights.astype(np.float32)).astype(np.float32)
    if rung == "ranker" and len(model.tree_leaf) and len(score):
        first = top(score, TREED)
        told = trees(model, found.features[first])
        # Who is not asked about is taken at the trees' worst, so that nobody overtakes by not being asked about.
        score += told.min()
        score[first] += told - told.min()
    if rung == "ranker" and len(model.offset):
        score += np.float32(model.offset[0])
    return Standing(item=found.item, score=score, weights=weights, rows=found, rung=rung)


def weights_of(model: Model, rung: str, *, unseen: bool = False) -> NDArray[np.float64]:
    """Return the weights over `features.NAMES` by which `rung` orders."""
    if rung == "ranker":
        return np.asarray(model.ranker)
    weights = np.zeros(len(NAMES))
    blend = UNSEEN.get(rung, BLENDS[rung]) if unseen else BLENDS[rung]
    for name, weight in blend.items():
        weights[NAMES.index(f"{name}:score")] = weight
    return weights


def candidates(asking: Asking, found: Standing, limit: int) -> tuple[Candidate, ...]:
    """Return the best `limit` of `found` with sources and reasons; anchors are verified for those that will be shown.

    The first `query.n` are these. One whose place falls free at render goes to an item without a named anchor.
    """
    model, person, n = asking.model, asking.person, asking.query.n
    order, scores = rerank(asking, person, found.item, found.score, limit)
    reasons = explain.unanchored(asking, found.item[order], asking.allowed)
    if person and len(order) > n:
        item, score = found.item[order[:n]], scores[:n]
        open_to = np.array([reason.code == "for_you" for reason in reasons[:n]])
        named = explain.nominate(model, person, item, score, _slopes(model, person, found), float(scores[n]))
        named[~open_to] = -1
        anchors = explain.most_named(named)
        others = [without(model, person, anchor) for anchor in anchors]
        for anchor, other, given in zip(anchors, others, scored(model, others), strict=True):
            gone = standing(model, other, allowed=asking.allowed, given=given)
            left = gone.item[rerank(asking, other, gone.item, gone.score, limit)[0][:n]]
            for at in np.flatnonzero((named == anchor) & ~np.isin(item, left)).tolist():
                reasons[at] = explain.because(model, person, anchor)
    return _told(model, found, order, scores, reasons)


def of_category(asking: Asking, allowed: NDArray[np.bool_], limit: int) -> tuple[Candidate, ...]:
    """Return the best `limit` among `allowed`, with reasons that name no anchor but the item itself."""
    found = standing(asking.model, asking.person, allowed=allowed, given=asking.scored)
    order = top(unless_had(asking.model, asking.person, found.item, found.score), limit)
    reasons = explain.unanchored(asking, found.item[order], allowed)
    return _told(asking.model, found, order, found.score[order], reasons)


def _told(model: Model, found: Standing, order: Int, scores: Float, reasons: list[Reason]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(item_key=model.item_keys[place], score=value, source=source, reason=reason)
        for place, value, source, reason in zip(
            found.item[order].tolist(),
            scores.tolist(),
            _sources(found, order, reasons),
            reasons,
            strict=True,
        )
    )


def _slopes(model: Model, person: Profile, found: Standing) -> dict[str, float]:
    """Return about what one raw unit of each table's and of the mean vector's score adds to the ordering score."""
    raw = {name: found.rows.scores[name] for name in ("neighbours", "lately", "sequence")}
    if person and model.vectors.shape[1]:
        step = 1 + len(model.item_keys) // SAMPLE
        raw["factors"] = model.vectors[::step] @ mean_vector(model, person) + model.biases[::step]
    slopes = {}
    for name, scores in raw.items():
        weight = max(float(found.weights[NAMES.index(f"{name}:score")]), 0.0)
        spread = float(scores.std())
        slopes[name] = weight / spread if spread > 0 else 0.0
    return slopes


def _sources(found: Standing, order: Int, reasons: list[Reason]) -> list[str]:
    """Return the generator whose score and rank add most to each candidate; an item bought before comes from `own`."""
    table = found.rows.features[order]
    names = list(GENERATORS)
    parts = np.column_stack(
        [
            table[:, NAMES.index(f"{name}:score")] * found.weights[NAMES.index(f"{name}:score")]
            + table[:, NAMES.index(f"{name}:rank")] * found.weights[NAMES.index(f"{name}:rank")]
            for name in names
        ]
    )
    best = parts.argmax(axis=1)
    return [
        "own" if reason.code == "buy_again" else names[place]
        for place, reason in zip(best.tolist(), reasons, strict=True)
    ]
