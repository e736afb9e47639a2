"""The quality of what is learnt, on real orders: every generator, the ranker, and what each generator adds to it.

    python -m tests.benchmarks.quality --seeds 5
    python -m tests.benchmarks.quality --seeds 1 --window validation
    python -m tests.benchmarks.quality --seeds 1 --window validation --rerank

The orders are the example shop's, as `tests.benchmarks.learning` reads them. Differences are paired over people, means
over seeds, with bootstrap intervals. `validation` holds out the 30 days before the last 30, on which everything that is
fixed in the code was chosen; the last 30 are for the figures that are reported.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup()

from lightfm import LightFM  # noqa: E402
from scipy.sparse import coo_matrix  # noqa: E402

from django_personalize.core.arrays import DAY  # noqa: E402
from django_personalize.integrations.lightfm import COMPONENTS, LightFMTrainer  # noqa: E402
from django_personalize.recommend.features import rows  # noqa: E402
from django_personalize.recommend.generators import top  # noqa: E402
from django_personalize.recommend.personal import order_by  # noqa: E402
from django_personalize.recommend.pipeline import over_fetch  # noqa: E402
from django_personalize.recommend.rerankers import spread, unless_had  # noqa: E402
from django_personalize.training import catalogue, dataset, evaluate, ranker, split  # noqa: E402
from django_personalize.training.damping import damped  # noqa: E402
from django_personalize.training.dataset import Orders  # noqa: E402
from django_personalize.training.factors import interactions  # noqa: E402
from django_personalize.training.learn import learn, with_als, with_factors  # noqa: E402
from django_personalize.training.metrics import interval, per_person, score  # noqa: E402
from django_personalize.training.report import SCOPES, report  # noqa: E402
from example_shop.data.cleaning import clean  # noqa: E402
from example_shop.data.raw import read  # noqa: E402
from example_shop.demo.learning import catalogue_of, orders_of  # noqa: E402

Arrays = Mapping[str, Any]
OF: Mapping[str, tuple[str, ...]] = {
    "neighbours": ("near_index", "near_weight"),
    "factors": ("vectors", "biases"),
    "als": ("als_vectors",),
    "lately": ("lately_index", "lately_weight"),
    "content": ("content_index", "content_weight"),
    "popular": ("popularity",),
    "item statistics": ("sold", "idle", "age", "repeat", "basket"),
}
"""What is taken from the model where something is dropped."""
RUNGS = ("popular", "neighbours", "factors", "ranker")


def without(arrays: Arrays, names: tuple[str, ...]) -> dict[str, Any]:
    """Return `arrays` with these emptied of what they say."""
    emptied = {name: np.full_like(arrays[name], -1 if name.endswith("_index") else 0) for name in names}
    return {**arrays, **emptied}


def learn_at(source: Orders, facts: catalogue.Catalogue, cut: float, seed: int) -> dict[str, Any]:
    """Return the arrays of everything below the ranker."""
    purchases, known = damped(dataset.before(source, cut)), catalogue.before(facts, cut)
    arrays = with_als(learn(purchases, known, together=False), purchases, seed=seed)
    factors = LightFMTrainer().fit(interactions(purchases), seed=seed, threads=1)
    return with_factors(arrays, purchases, known, factors)


def drop_one(source: Orders, facts: catalogue.Catalogue, end: float, seed: int) -> dict[str, dict[str, Any]]:
    """Return per scope the NDCG@10 of each person, by what the ranker goes without."""
    cuts = (end - 30 * DAY, end - 60 * DAY)
    learnt = [learn_at(source, facts, cut, seed) for cut in cuts]
    held, taught = (split.hold(source, cut, 30.0) for cut in cuts)
    found: dict[str, dict[str, Any]] = {scope: {} for scope in SCOPES}
    for name, names in {"nothing": (), **OF, "trees": ()}.items():
        now, then = (without(arrays, names) for arrays in learnt)
        fitted = ranker.fit([ranker.examples(taught, evaluate.in_memory(then, cuts[1], RUNGS[:3]))], seed=seed)
        if name == "trees":
            fitted = {**ranker.none(), "ranker": fitted["ranker"]}
        model = evaluate.in_memory({**now, **fitted}, cuts[0], RUNGS)
        for scope in SCOPES:
            lists, truths = [], []
            for one in split.asked(held, model, new=scope == "new"):
                stands = order_by(model, rows(model, one.person, allowed=one.allowed), "ranker")
                lists.append(stands.item[top(stands.score, 10)].tolist())
                truths.append(one.truth)
            found[scope][name] = per_person(lists, truths)
    return found


def reranked(source: Orders, facts: catalogue.Catalogue, end: float, seed: int) -> dict[str, dict[str, Any]]:
    """Return per scope the NDCG@10 of each person by the ranker alone and after each step that needs no impressions, in
    rows of 8 and what waits behind them.
    """
    cuts = (end - 30 * DAY, end - 60 * DAY)
    now, then = (learn_at(source, facts, cut, seed) for cut in cuts)
    held, taught = (split.hold(source, cut, 30.0) for cut in cuts)
    fitted = ranker.fit([ranker.examples(taught, evaluate.in_memory(then, cuts[1], RUNGS[:3]))], seed=seed)
    model = evaluate.in_memory({**now, **fitted}, cuts[0], RUNGS)
    found: dict[str, dict[str, Any]] = {}
    for scope in SCOPES:
        lists: dict[str, list[list[int]]] = {"nothing": [], "had for good": [], "spread": []}
        truths = []
        for one in split.asked(held, model, new=scope == "new"):
            stands = order_by(model, rows(model, one.person, allowed=one.allowed), "ranker")
            left = unless_had(model, one.person, stands.item, stands.score)
            row = stands.item[top(stands.score, over_fetch(8))]
            lists["nothing"].append(row[:10].tolist())
            lists["had for good"].append(stands.item[top(left, 10)].tolist())
            lists["spread"].append(row[spread(model.item_category[row], 8)][:10].tolist())
            truths.append(one.truth)
        found[scope] = {name: per_person(each, truths) for name, each in lists.items()}
    return found


def defaults(source: Orders, end: float, seed: int, *, epochs: int = 30) -> float:
    """Return NDCG@10 over all items of LightFM as its library sets it: ten negatives, no weights, each person by the
    vector that was fitted for them.
    """
    cut = end - 30 * DAY
    purchases = dataset.before(source, cut)
    job = interactions(purchases)
    ones = np.ones(len(job), dtype=np.float32)
    matrix = coo_matrix((ones, (job.user, job.item)), shape=(job.n_users, job.n_items))
    fitted = LightFM(no_components=COMPONENTS, loss="warp", random_state=seed).fit(matrix, epochs=epochs)
    later = dataset.before(source, end)
    after = (later.time >= cut) & (later.person >= 0)
    bought: dict[str, set[str]] = {}
    for person, item in zip(later.person[after].tolist(), later.item[after].tolist(), strict=True):
        bought.setdefault(later.person_keys[person], set()).add(later.item_keys[item])
    lists, truths = [], []
    for user, key in enumerate(purchases.person_keys):
        if key in bought:
            said = fitted.item_embeddings @ fitted.user_embeddings[user] + fitted.item_biases
            lists.append([purchases.item_keys[place] for place in top(said, 10).tolist()])
            truths.append(bought[key])
    return score(lists, truths, job.n_items).ndcg


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--window", choices=["test", "validation"], default="test")
    options.add_argument("--drop", action="store_true", help="only what each generator adds")
    options.add_argument("--rerank", action="store_true", help="only what each re-ranking step costs")
    given = options.parse_args()
    shop = clean(read())
    source, facts = orders_of(shop), catalogue_of(shop)
    end = float(np.ceil(source.placed.max() / DAY) * DAY)
    if given.window == "validation":
        end -= 30 * DAY
        source = dataset.until(source, end)
    start = time.monotonic()
    seeds = range(given.seeds)
    if not (given.drop or given.rerank):
        print(report(source, seeds=seeds, shares=(1.0, 0.3, 0.0), catalogue=facts).table())
        told = [defaults(source, end, seed) for seed in seeds]
        apart = f"seeds {np.ptp(told):.4f} apart"
        print(f"\nLightFM with the library's defaults, each by their own vector: {np.mean(told):.4f} ({apart})")
    sums: dict[str, dict[str, Any]] = {scope: {} for scope in SCOPES}
    for seed in seeds:
        measured = (reranked if given.rerank else drop_one)(source, facts, end, seed)
        for scope, by_name in measured.items():
            for name, each in by_name.items():
                sums[scope][name] = sums[scope].get(name, 0.0) + each / len(seeds)
    for scope, by_name in sums.items():
        change = "re-ranked by" if given.rerank else "without"
        print(f"\nThe ranker {change} …, {SCOPES[scope]}: NDCG@10, and what it loses (95 % interval)")
        for name, each in by_name.items():
            lost = by_name["nothing"] - each
            low, high = interval(lost)
            print(f"{name:16} {each.mean():.4f}  {lost.mean():+.4f} ({low:+.4f} to {high:+.4f})")
    print(f"\n{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
