"""Learning, measured on real orders: quality against baselines, latency of one request, seconds and memory of a fit.

    python -m tests.benchmarks.learning

The orders are the example shop's, cleaned as it cleans them, with everyone linked to their customer number. Returns
count from the day on which they were made.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from datetime import UTC, datetime

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup()

from django_personalize.artifacts.model import Model  # noqa: E402
from django_personalize.core.arrays import DAY  # noqa: E402
from django_personalize.core.types import History, Query  # noqa: E402
from django_personalize.placements.decide import decide  # noqa: E402
from django_personalize.placements.defaults import PLACEMENTS  # noqa: E402
from django_personalize.recommend.pipeline import rank  # noqa: E402
from django_personalize.training import catalogue, dataset, evaluate, report, run, split  # noqa: E402
from django_personalize.training.dataset import Orders  # noqa: E402
from django_personalize.training.learn import learn  # noqa: E402
from example_shop.data.cleaning import clean  # noqa: E402
from example_shop.data.raw import read  # noqa: E402
from example_shop.demo.learning import catalogue_of, orders_of  # noqa: E402


def together(source: Orders, *, days: float = 30.0, tasks: int = 2) -> tuple[float, float, int]:
    """Return (HR@5, P@5, tasks) of *bought together*: one line of a held-out basket asks for any other of its lines.

    Baskets of 2 to 60 lines after the cut, `tasks` lines drawn from each with a fixed seed.
    """
    end = float(np.ceil(source.placed.max() / DAY) * DAY)
    cut = end - days * DAY
    model = evaluate.in_memory(
        learn(dataset.before(source, cut), catalogue.nothing()), cut, ("popular", "neighbours"), "mean"
    )
    whole = dataset.net(source)
    after = np.flatnonzero(whole.time >= cut)
    chance = np.random.default_rng(0)
    hits, shares = [], []
    for rows in np.split(after, np.flatnonzero(np.diff(whole.basket[after])) + 1):
        if not 2 <= len(rows) <= 60:
            continue
        basket = {whole.item_keys[item] for item in whole.item[rows].tolist()}
        for seed in chance.permutation(sorted(basket))[:tasks].tolist():
            asked = Query(placement="p", n=5, as_of=datetime.fromtimestamp(cut, UTC), context=(seed,))
            shown = [each.item_key for each in rank("bought_together", asked, model).candidates[:5]]
            found = sum(key in basket for key in shown)
            hits.append(found > 0)
            shares.append(found / 5)
    return float(np.mean(hits)), float(np.mean(shares)), len(hits)


def latency(source: Orders, model: Model, *, asks: int = 300) -> dict[str, tuple[float, float]]:
    """Return p50 and p95 in milliseconds of single requests, by what is asked."""
    held = split.hold(source, source.as_of - 30 * DAY, 30)
    now = datetime.fromtimestamp(source.as_of, UTC)
    queries = []
    for shopper in held.shoppers[:asks]:
        order = np.argsort(shopper.age, kind="stable")
        keys = tuple(held.item_keys[item] for item in shopper.item[order].tolist())
        times = tuple((held.cut - shopper.age[order] * DAY).tolist())
        past = History(item_keys=keys, kinds=("purchase",) * len(keys), times=times, quantities=(1,) * len(keys))
        queries.append(Query(placement="p", n=8, as_of=now, context=keys[:1], history=past))
    spent = {}
    for name in ("personal", "similar", "bought_together", "best_sellers", "a whole homepage"):
        took = []
        for query in queries:
            start = time.perf_counter()
            _ = decide(PLACEMENTS["personal-home"], query, model) if " " in name else rank(name, query, model)
            took.append(1000 * (time.perf_counter() - start))
        spent[name] = (float(np.percentile(took, 50)), float(np.percentile(took, 95)))
    return spent


def peak() -> float:
    """Return the most memory in MiB that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--shift-weeks", type=int, default=0, help="move every date; no figure may change")
    given = options.parse_args()
    shop = clean(read())
    source, facts = orders_of(shop, weeks=given.shift_weeks), catalogue_of(shop, weeks=given.shift_weeks)
    lines, items, people = len(dataset.net(source)), len(source.item_keys), len(source.person_keys)
    print(f"{lines:,} lines, {items:,} items, {people:,} customers; peak memory of reading {peak():.0f} MiB\n")
    start = time.monotonic()
    print(report.report(source, seeds=[given.seed], catalogue=facts).table())
    print(f"\nreport: {time.monotonic() - start:.1f} s")
    hit_rate, precision, tasks = together(source)
    print(f"bought together, one line of a basket given: HR@5 {hit_rate:.4f}, P@5 {precision:.4f} ({tasks:,} tasks)")
    start = time.monotonic()
    learnt = run.learn_all(source, facts, seed=given.seed, threads=1, progress=lambda *told: None)
    print(f"training with its evaluation, everyone linked: {time.monotonic() - start:.1f} s")
    rungs = [name for name, rung in learnt.verdicts.items() if rung.on]
    model = evaluate.in_memory(learnt.arrays, source.as_of, rungs, learnt.fold)
    for name, (middle, slow) in latency(source, model).items():
        print(f"one request, {name}: p50 {middle:.2f} ms, p95 {slow:.2f} ms")
    print(f"peak memory: {peak():.0f} MiB")


if __name__ == "__main__":
    main()
