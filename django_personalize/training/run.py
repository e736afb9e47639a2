"""Train: read, learn, judge, publish, promote. One at a time, and whatever fails leaves the live model where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from django_personalize.artifacts import store
from django_personalize.artifacts.model import LEVEL, Model, Tilt
from django_personalize.conf import settings
from django_personalize.core.arrays import DAY, Interactions, Purchases
from django_personalize.exceptions import NotEnoughData, TrainerUnavailable
from django_personalize.models import ModelVersion
from django_personalize.models.training_run import AskedBy, Kind
from django_personalize.training import (
    blocks,
    browsing,
    compare,
    dataset,
    evaluate,
    feedback,
    gate,
    kept,
    ladder,
    ranker,
    shadow,
    split,
)
from django_personalize.training import catalogue as catalogues
from django_personalize.training.browsing import Browsing
from django_personalize.training.calibration import calibrated
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.damping import damped
from django_personalize.training.dataset import Orders
from django_personalize.training.factors import interactions
from django_personalize.training.feedback import Feedback
from django_personalize.training.fits import Fits
from django_personalize.training.foresight import Foresight, foresee
from django_personalize.training.learn import learn, with_als, with_factors
from django_personalize.training.lease import hold
from django_personalize.training.looks import Looks
from django_personalize.training.metrics import per_person, score
from django_personalize.training.release import OF_ITEMS, Arrays, Learnt, release
from django_personalize.training.shares import shares

Progress = Callable[[str, int, int], None]
WINDOW_DAYS = 30.0
SHARE = 0.25
"""A young shop holds out this share of its time, where that is less than the window."""


def train(
    *,
    as_of: datetime | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    evaluate: bool = True,
    asked_by: str = AskedBy.COMMAND,
    task_id: str = "",
) -> ModelVersion:
    """Return the version that was published; its status says whether it went live and its verdict why or why not.

    Nothing later than `as_of` is learnt from: now unless given, or the moment of a training that did not end within the
    last hours, whose fits are on disk. Equal rows, `as_of`, seed and one thread give equal bytes. Raises
    `TrainingRunning` where another process trains, `NotEnoughData` where no order line is left, and `RuntimeError`
    within a transaction. `progress` is called with (stage, done, total): read, factors, measure, publish. Without
    `evaluate` the data alone decides which rungs stand.
    """
    seed = settings.SEED if seed is None else seed
    fits = settings.ARTIFACTS / kept.FITS
    with hold(settings.ARTIFACTS, kind=Kind.FULL, asked_by=asked_by, as_of=as_of, task_id=task_id) as lease:

        def tell(stage: str, done: int, total: int) -> None:
            lease.tell(stage, done, total)
            if progress is not None:
                progress(stage, done, total)

        tell("read", 0, 1)
        moment = lease.run.as_of
        orders = dataset.load(moment)
        looked = browsing.load(moment)
        facts = catalogues.before(catalogues.load(), moment.timestamp() + 1.0)
        shown = feedback.load(moment)
        fingerprint = browsing.fingerprint(dataset.fingerprint(orders), looked)
        fingerprint = feedback.fingerprint(fingerprint, shown)
        lease.note(fingerprint=fingerprint)
        tell("read", 1, 1)
        store.look_again()
        live = store.live()
        learnt = learn_all(
            orders,
            facts,
            looked,
            shown,
            seed=seed,
            threads=settings.THREADS if threads is None else threads,
            progress=tell,
            judged=evaluate,
            keep=fits,
            live=live,
        )
        learnt.arrays |= blocks.load(moment)
        lease.note(counts=learnt.counts, metrics=learnt.metrics)
        tell("publish", 0, 1)
        version = release(learnt, lease, as_of=moment, fingerprint=fingerprint, live=live)
        shadow.measure(orders, seed=seed)
        kept.tidy(fits)
        tell("publish", 1, 1)
    return version


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """One moment to learn at: everything as it was known then."""

    at: float
    purchases: Purchases
    catalogue: Catalogue
    looked: Browsing
    job: Interactions


def learn_all(
    orders: Orders,
    facts: Catalogue,
    looked: Browsing | None = None,
    shown: Feedback | None = None,
    *,
    seed: int,
    threads: int,
    progress: Progress,
    judged: bool = True,
    keep: Path | None = None,
    live: Model | None = None,
) -> Learnt:
    """Learn at `orders.as_of` and, for the judgement, one and two windows before it; `NotEnoughData` without a line.

    The window before the last chooses the fold-in and fits the ranker; the last one, unseen by either, judges every
    rung, and the whole beside `live`. The weights that were judged are those that serve. Fits are kept in `keep`.
    """
    looked = browsing.nothing(orders.as_of) if looked is None else looked
    shown = feedback.nothing(orders.as_of) if shown is None else shown
    now = _cut(orders, facts, looked, orders.as_of)
    if not len(now.purchases):
        raise NotEnoughData(
            "No order line is left to learn from, so nothing is published; the shop's newest items serve."
        )
    days = window(orders)
    judge_at = orders.as_of - days * DAY if judged else orders.as_of
    teach_at = judge_at - days * DAY
    taught = split.hold(orders, teach_at, days, looked.looks, shown)
    cuts = [now]
    if judged:
        cuts.append(_cut(orders, facts, looked, judge_at))
    if len(taught.shoppers) >= ladder.JUDGES:
        cuts.append(_cut(orders, facts, looked, teach_at))
    leaning = _leaning(now)
    data = ladder.count(now.purchases, len(taught.shoppers), leaning)
    fitting = [cut for cut in cuts if ladder.enough("factors", ladder.count(cut.purchases, 0))]
    missing: dict[str, str] = {}
    arrays: dict[float, Arrays] = {}
    with Fits([cut.job for cut in fitting], seed=seed, threads=threads, progress=progress, keep=keep) as fits:
        for cut in cuts:
            learnt = learn(cut.purchases, cut.catalogue, cut.looked, shown, together=cut.at != teach_at)
            arrays[cut.at] = with_als(learnt, cut.purchases, seed=seed) if cut in fitting else learnt
        try:
            for place, cut in reversed(list(enumerate(fitting))):
                factors = fits.get(place)
                if cut is not now and not gate.sound(factors.vectors):
                    continue  # nothing is measured by it; the published arrays meet the gate
                arrays[cut.at] = with_factors(arrays[cut.at], cut.purchases, cut.catalogue, factors)
        except TrainerUnavailable as error:
            missing["factors"] = str(error)
    progress("measure", 0, 1)
    fold, fitted = _teach(taught, arrays.get(teach_at), teach_at, data, seed)
    metrics: dict[str, Any] = {}
    verdict = None
    then = _leaning(cuts[1]).tilt if judged else LEVEL
    if judged:
        metrics, verdict, fitted = _judge(
            orders, looked.looks, shown, arrays[judge_at], judge_at, days, fold, fitted, then
        )
    if not fitted["ranker"].size and "ranker" not in missing and ladder.enough("ranker", data):
        missing["ranker"] = "waits for a window in which known people bought something that a generator put forward"
    final = {**arrays[now.at], **fitted}
    whole = dataset.net(orders)
    verdicts = ladder.climb(data, verdict, missing)
    beside = None
    if verdict is not None and verdict.ndcg:
        past = {name: arrays[judge_at][name] if name in OF_ITEMS else array for name, array in final.items()}
        leads = [name for name, rung in verdicts.items() if rung.leads]
        serving = evaluate.in_memory(past, judge_at, leads, fold, then)
        beside = compare.judge(orders, serving, days, live, looked.looks, shown, seed=seed)
    progress("measure", 1, 1)
    return Learnt(
        arrays=final,
        verdicts=verdicts,
        fold=fold,
        tilt=leaning.tilt,
        counts=counts(whole, final, data),
        metrics=metrics,
        shares=shares(whole),
        judged=beside,
    )


def window(orders: Orders) -> float:
    """Return how many days are held out: 30, or a quarter of the time that a young shop has orders for."""
    if not len(orders.placed):
        return WINDOW_DAYS
    return min(WINDOW_DAYS, max((orders.as_of - float(orders.placed[0])) * SHARE / DAY, 1.0 / 24.0))


def _cut(orders: Orders, facts: Catalogue, looked: Browsing, at: float) -> _Cut:
    whole = at >= orders.as_of
    purchases = damped(dataset.net(orders) if whole else dataset.before(orders, at))
    catalogue = facts if whole else catalogues.before(facts, at)
    return _Cut(
        at=at,
        purchases=purchases,
        catalogue=catalogue,
        looked=looked if whole else browsing.before(looked, at),
        job=interactions(purchases),
    )


def _teach(taught: split.Held, arrays: Arrays | None, at: float, data: ladder.Data, seed: int) -> tuple[str, Arrays]:
    """Return the fold-in and the ranker that the window before the last teaches; an empty one from too few people."""
    none = ranker.none()
    if arrays is None:
        return evaluate.FOLD, none
    rungs = ("popular", "neighbours", *(("factors",) if arrays["vectors"].shape[1] else ()))
    model = evaluate.in_memory(arrays, at, rungs)
    fold = evaluate.choose_fold(taught, model) if "factors" in rungs else evaluate.FOLD
    if not ladder.enough("ranker", data):
        return fold, none
    found = ranker.examples(taught, replace(model, fold=fold))
    return fold, ranker.fit([found], seed=seed) if found else none


def _leaning(cut: _Cut) -> Foresight:
    """Return how far recent popularity should lean towards a person, by what was known at `cut`."""
    names = [cut.catalogue.category.get(key, "") for key in cut.purchases.item_keys]
    place = {name: number for number, name in enumerate(sorted({name for name in names if name}))}
    return foresee(cut.purchases, np.array([place.get(name, -1) for name in names], dtype=np.int64))


def _judge(
    orders: Orders,
    looks: Looks,
    shown: Feedback,
    arrays: Arrays,
    at: float,
    days: float,
    fold: str,
    fitted: Arrays,
    tilt: Tilt,
) -> tuple[dict[str, Any], ladder.Judged, Arrays]:
    """Return the metrics of every rung on the held-out window, what its judges say (nothing where they are few), and
    the ranker calibrated on it, which changes no order.
    """
    held, judges = split.hold(orders, at, days, looks, shown), ladder.PEOPLE_JUDGE
    if len(held.shoppers) < ladder.JUDGES:
        held, judges = split.hold_baskets(orders, at, days), ladder.BASKETS_JUDGE
    if len(held.shoppers) < ladder.JUDGES or not len(arrays["item_keys"]):
        told = {"window_days": days, "judges": len(held.shoppers), "judged_by": judges, "rungs": {}}
        return told, ladder.Judged(by=judges, ndcg={}), fitted
    rungs = ["popular", "neighbours"]
    if arrays["vectors"].shape[1]:
        rungs.append("factors")
    if fitted["ranker"].size and judges == ladder.PEOPLE_JUDGE:
        rungs.append("ranker")
    model = evaluate.in_memory({**arrays, **fitted}, at, rungs, fold, tilt)
    lists, truths = evaluate.personal_rows(held, model, rungs)
    scores = {rung: score(top, truths, len(model.item_keys)) for rung, top in lists.items()}
    metrics = {
        "window_days": days,
        "judges": len(held.shoppers),
        "judged_by": judges,
        "rungs": {
            rung: {"ndcg": found.ndcg, "hit_rate": found.hit_rate, "coverage": found.coverage}
            for rung, found in scores.items()
        },
    }
    if "ranker" in rungs:
        fitted = calibrated(fitted, held, model)
    soon = split.hold(orders, at, min(ladder.SOON, days), looks, shown)
    early = judges == ladder.PEOPLE_JUDGE and len(soon.shoppers) >= ladder.JUDGES and days > ladder.SOON
    found = ladder.Judged(
        by=judges,
        ndcg={rung: per_person(top, truths) for rung, top in lists.items()},
        soon=compare.gains(compare.thinned(soon), model, rungs) if early else {},
    )
    return metrics, found, fitted


def counts(purchases: Purchases, arrays: Arrays, data: ladder.Data) -> dict[str, int]:
    return {
        "lines": len(purchases),
        "baskets": int(purchases.basket.max(initial=-1)) + 1,
        "people": len(purchases.person_keys),
        "ranker_people": data.people,
        "items": len(arrays["item_keys"]),
        "listed": int(arrays["listed"].sum()),
        "sold_items": len(purchases.item_keys),
    }
