"""Train: read, learn, judge, publish, promote. One at a time, and whatever fails leaves the live model where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django_personalize.artifacts import store
from django_personalize.artifacts.model import Model
from django_personalize.conf import settings
from django_personalize.core.arrays import DAY, Interactions, Purchases
from django_personalize.exceptions import NotEnoughData, TrainerUnavailable
from django_personalize.models import ModelVersion
from django_personalize.models.training_run import AskedBy, Kind
from django_personalize.training import browsing, compare, dataset, evaluate, gate, kept, ladder, ranker, shadow, split
from django_personalize.training import catalogue as catalogues
from django_personalize.training.browsing import Browsing
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.dataset import Orders
from django_personalize.training.factors import interactions
from django_personalize.training.fits import Fits
from django_personalize.training.learn import learn, with_als, with_factors
from django_personalize.training.lease import hold
from django_personalize.training.metrics import Score
from django_personalize.training.release import OF_ITEMS, Arrays, Learnt, release
from django_personalize.training.shares import shares

Progress = Callable[[str, int, int], None]
WINDOW_DAYS = 30.0
SHARE = 0.25
"""A young shop holds out this share of its time, where that is less than the window."""
TAUGHT = 2_000
"""People of a window who teach the ranker and choose the fold-in, drawn by the seed where there are more: each brings
about 400 examples, and takes as long as a page.
"""
JUDGING = 2_000
"""People by whom the rungs are measured, drawn likewise."""


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
        fingerprint = browsing.fingerprint(dataset.fingerprint(orders), looked)
        lease.note(fingerprint=fingerprint)
        tell("read", 1, 1)
        store.look_again()
        live = store.live()
        learnt = learn_all(
            orders,
            facts,
            looked,
            seed=seed,
            threads=settings.THREADS if threads is None else threads,
            progress=tell,
            judged=evaluate,
            keep=fits,
            live=live,
        )
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
    now = _cut(orders, facts, looked, orders.as_of)
    if not len(now.purchases):
        raise NotEnoughData(
            "No order line is left to learn from, so nothing is published; the shop's newest items serve."
        )
    days = window(orders)
    judge_at = orders.as_of - days * DAY if judged else orders.as_of
    teach_at = judge_at - days * DAY
    taught = split.hold(orders, teach_at, days)
    data = ladder.count(now.purchases, len(taught.shoppers))
    taught = split.sample(taught, TAUGHT, seed=seed)
    # The oldest first: what it teaches is needed first, and is worked out while the later fits are made.
    cuts = [now]
    if judged:
        cuts.insert(0, _cut(orders, facts, looked, judge_at))
    if len(taught.shoppers) >= ladder.JUDGES:
        cuts.insert(0, _cut(orders, facts, looked, teach_at))
    missing: dict[str, str] = {}
    metrics: dict[str, Any] = {}
    ndcg = None
    then: Arrays = {}
    fold, fitted = evaluate.FOLD, ranker.none()
    jobs = {cut.at: cut.job for cut in cuts if ladder.enough("factors", ladder.count(cut.purchases, 0))}
    with Fits(list(jobs.values()), seed=seed, threads=threads, progress=progress, keep=keep) as fits:
        while cuts:
            cut = cuts.pop(0)
            arrays = learn(cut.purchases, cut.catalogue, cut.looked, together=cut.at != teach_at)
            if cut.at in jobs:
                arrays = with_als(arrays, cut.purchases, seed=seed)
                arrays = _fitted(arrays, cut, fits, list(jobs).index(cut.at), missing, whatever=cut is now)
            if cut.at == teach_at:
                fold, fitted = _teach(taught, arrays, teach_at, data, seed)
            elif cut is not now:
                then = {**arrays, **fitted}
                metrics, ndcg = _judge(orders, then, judge_at, days, fold, seed)
    progress("measure", 0, 1)
    if not fitted["ranker"].size and "ranker" not in missing and ladder.enough("ranker", data):
        missing["ranker"] = "waits for a window in which known people bought something that a generator put forward"
    final = {**arrays, **fitted}
    verdicts = ladder.climb(data, ndcg, missing)
    beside = None
    if ndcg is not None:
        serving = evaluate.in_memory(then, judge_at, [name for name, rung in verdicts.items() if rung.leads], fold)
        beside = compare.judge(orders, serving, days, live, seed=seed)
    progress("measure", 1, 1)
    return Learnt(
        arrays=final,
        verdicts=verdicts,
        fold=fold,
        counts=counts(now.purchases, final, data),
        metrics=metrics,
        shares=shares(now.purchases),
        judged=beside,
    )


def window(orders: Orders) -> float:
    """Return how many days are held out: 30, or a quarter of the time that a young shop has orders for."""
    if not len(orders.placed):
        return WINDOW_DAYS
    return min(WINDOW_DAYS, max((orders.as_of - float(orders.placed[0])) * SHARE / DAY, 1.0 / 24.0))


def _cut(orders: Orders, facts: Catalogue, looked: Browsing, at: float) -> _Cut:
    whole = at >= orders.as_of
    purchases = dataset.net(orders) if whole else dataset.before(orders, at)
    catalogue = facts if whole else catalogues.before(facts, at)
    return _Cut(
        at=at,
        purchases=purchases,
        catalogue=catalogue,
        looked=looked if whole else browsing.before(looked, at),
        job=interactions(purchases),
    )


def _fitted(arrays: Arrays, cut: _Cut, fits: Fits, place: int, missing: dict[str, str], *, whatever: bool) -> Arrays:
    """Return `arrays` with the factors of `cut`; without where no trainer is there, which `missing` tells, or where
    they are not sound: nothing is measured by those. What is published meets the gate `whatever` it is.
    """
    try:
        factors = fits.get(place)
    except TrainerUnavailable as error:
        missing["factors"] = str(error)
        return arrays
    return (
        with_factors(arrays, cut.purchases, cut.catalogue, factors)
        if whatever or gate.sound(factors.vectors)
        else arrays
    )


def _teach(taught: split.Held, arrays: Arrays, at: float, data: ladder.Data, seed: int) -> tuple[str, Arrays]:
    """Return the fold-in and the ranker that the window before the last teaches; an empty one from too few people."""
    none = ranker.none()
    rungs = ("popular", "neighbours", *(("factors",) if arrays["vectors"].shape[1] else ()))
    model = evaluate.in_memory(arrays, at, rungs)
    fold = evaluate.choose_fold(taught, model) if "factors" in rungs else evaluate.FOLD
    if not ladder.enough("ranker", data):
        return fold, none
    found = ranker.examples(taught, replace(model, fold=fold))
    return fold, ranker.fit([found], seed=seed) if found else none


def _judge(
    orders: Orders, arrays: Arrays, at: float, days: float, fold: str, seed: int
) -> tuple[dict[str, Any], dict[str, float] | None]:
    """Return the metrics of every rung on the held-out window, and each rung's NDCG where enough people judged."""
    held, judges = split.hold(orders, at, days), "people"
    if len(held.shoppers) < ladder.JUDGES:
        held, judges = split.hold_baskets(orders, at, days), "baskets"
    if len(held.shoppers) < ladder.JUDGES or not len(arrays["item_keys"]):
        return {"window_days": days, "judges": len(held.shoppers), "judged_by": judges, "rungs": {}}, None
    held = split.sample(held, JUDGING, seed=seed)
    rungs = ["popular", "neighbours"]
    if arrays["vectors"].shape[1]:
        rungs.append("factors")
    if arrays["ranker"].size and judges == "people":
        rungs.append("ranker")
    model = evaluate.in_memory(arrays, at, rungs, fold)
    scores: dict[str, Score] = evaluate.measure_rungs(held, model, rungs)
    metrics = {
        "window_days": days,
        "judges": len(held.shoppers),
        "judged_by": judges,
        "rungs": {
            rung: {"ndcg": found.ndcg, "hit_rate": found.hit_rate, "coverage": found.coverage}
            for rung, found in scores.items()
        },
    }
    return metrics, {rung: found.ndcg for rung, found in scores.items()}


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
