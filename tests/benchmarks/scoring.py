"""One shopper, measured: milliseconds of a row and of a page from models of many items, without a database.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.scoring --items 10000 100000

The models are made up: tables, vectors, popularity by Zipf, a ranker of weights and 200 trees, the shape of a trained
one; shoppers with 3 to 300 rows of history. `scoring` is the order of the personal row, `personal` with its re-ranking
and reasons. Between the shoppers one and the same product and its best ten are timed as well, so that figures of a
busy machine can be told from those of an idle one: times are of the processor, then of the clock.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
django.setup()

from django_personalize.artifacts.model import Model, assemble  # noqa: E402
from django_personalize.core.arrays import DAY  # noqa: E402
from django_personalize.core.types import History, Query  # noqa: E402
from django_personalize.placements.decide import PLACEMENTS, decide  # noqa: E402
from django_personalize.recommend.asking import Asking  # noqa: E402
from django_personalize.recommend.features import NAMES  # noqa: E402
from django_personalize.recommend.personal import standing  # noqa: E402
from django_personalize.recommend.pipeline import rank  # noqa: E402

NOW = 1_700_000_000.0
WIDTHS = {"near": 100, "together": 100, "lately": 200, "next": 100, "content": 100, "ease": 0}
ON = {name: {"on": True} for name in ("popular", "neighbours", "factors", "ranker")}


def made(n: int, *, seed: int = 0) -> Model:
    chance = np.random.default_rng(seed)
    shelves = max(n // 150, 8)
    category = np.sort(chance.integers(0, shelves, n)).astype(np.int32)
    selling = (chance.permutation(n) + 1.0) ** -0.9
    popular = np.argsort(-selling)
    first, size = np.searchsorted(category, category), np.bincount(category, minlength=shelves)[category]

    def table(width: int) -> tuple[Any, Any]:
        """Return neighbours, most of them of the same category, the others popular; fewer than `width` for some."""
        near = first[:, None] + (chance.random((n, width)) * size[:, None]).astype(np.int64)
        far = popular[np.minimum((n + 1.0) ** chance.random((n, width)) - 1, n - 1).astype(np.int64)]
        index = np.where(chance.random((n, width)) < 0.7, near, far)
        weight = np.sort(chance.random((n, width)) ** 3, axis=1)[:, ::-1]
        filled = (chance.random(n) * width * 1.5)[:, None] > np.arange(width)[None, :]
        return np.where(filled, index, -1).astype(np.int32), np.where(filled, weight, 0).astype(np.float32)

    centre = chance.normal(0, 0.3, (shelves, 64))
    arrays: dict[str, Any] = {
        "item_keys": np.array([f"i{place:06}" for place in range(n)]),
        "categories": np.array([f"shelf {place:05}" for place in range(shelves)]),
        "item_category": category,
        "listed": chance.random(n) < 0.97,
        "vectors": (centre[category] + chance.normal(0, 0.2, (n, 64))).astype(np.float32),
        "als_vectors": (centre[category] / 3 + chance.normal(0, 0.1, (n, 64))).astype(np.float32),
        "biases": (np.log(selling) / 4).astype(np.float32),
        "popularity": (selling[:, None] * chance.uniform(0.5, 1.5, (n, 3)) * 50).astype(np.float32),
        "sold": np.round(selling[:, None] * 50 * np.array([7, 30, 90])).astype(np.float32),
        "idle": chance.exponential(10, n).astype(np.float32),
        "age": chance.uniform(0, 700, n).astype(np.float32),
        "price": np.exp(chance.normal(2.5, 0.9, n)).astype(np.float32),
        "repeat": chance.random(n).astype(np.float32),
        "basket": chance.uniform(0, 3, n).astype(np.float32),
        "again": np.full(shelves, 0.2, dtype=np.float32),
        "ranker": np.abs(chance.normal(0, 0.3, len(NAMES))),
        "tree_feature": chance.integers(0, len(NAMES), (200, 31)).astype(np.int32),
        "tree_threshold": chance.normal(0, 1, (200, 31)),
        "tree_leaf": chance.normal(0, 0.05, (200, 32)).astype(np.float32),
    }
    for name, width in WIDTHS.items():
        arrays[f"{name}_index"], arrays[f"{name}_weight"] = table(width)
    return assemble(arrays, {"as_of": NOW, "fold": "both", "rungs": ON})


def shoppers(model: Model, count: int, *, seed: int = 1) -> list[Query]:
    """Return people with three categories and a history of Pareto length, each on the page of one of their items."""
    chance = np.random.default_rng(seed)
    starts = np.searchsorted(model.item_category, np.arange(len(model.categories) + 1))
    queries = []
    for _ in range(count):
        mine = chance.integers(0, len(model.categories), 3)
        shelf = mine[chance.integers(0, 3, int(min(chance.pareto(1.2) * 8 + 3, 300)))]
        shelf = shelf[starts[shelf + 1] > starts[shelf]]
        items = starts[shelf] + (chance.random(len(shelf)) * (starts[shelf + 1] - starts[shelf])).astype(np.int64)
        times = NOW - np.sort(chance.exponential(90, len(items))) * DAY
        past = History(
            item_keys=tuple(model.item_keys[place] for place in items.tolist()),
            kinds=tuple("purchase" if chance.random() < 0.7 else "view_item" for _ in items),
            times=tuple(times.tolist()),
            quantities=(1,) * len(items),
        )
        now = datetime.fromtimestamp(NOW, UTC)
        queries.append(Query(placement="p", n=8, as_of=now, context=past.item_keys[:1], history=past))
    return queries


def asked(model: Model) -> Mapping[str, Callable[[Query], Any]]:
    def scoring(query: Query) -> Any:
        asking = Asking(query, model)
        return standing(model, asking.person, allowed=asking.allowed, given=asking.scored)

    def page(slug: str) -> Callable[[Query], Any]:
        placement = PLACEMENTS[slug]
        home = slug == "personal-home"
        return lambda query: decide(
            placement, replace(query, n=placement.n, context=() if home else query.context), model
        )

    found: dict[str, Callable[[Query], Any]] = {"scoring": scoring}
    for name in ("personal", "similar", "bought_together", "best_sellers"):
        found[name] = lambda query, name=name: rank(name, query, model)
    return found | {f"decide {slug}": page(slug) for slug in PLACEMENTS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--shoppers", type=int, default=200)
    given = parser.parse_args()
    for n in given.items:
        model = made(n)
        queries = shoppers(model, given.shoppers)
        print(
            f"{n:,} items, load {os.getloadavg()[0]:.1f}: ms of the processor p50 / p95 / p99, of the clock p50 / p95"
        )
        reference: list[float] = []
        for name, do in asked(model).items():
            for query in queries[:10]:
                do(query)
            cpu, clock = [], []
            for query in queries:
                start = time.thread_time()
                scores = model.vectors @ model.vectors[0]
                _ = np.argpartition(scores, n - 10)[-10:]
                reference.append(1_000 * (time.thread_time() - start))
                begun, start = time.perf_counter(), time.thread_time()
                do(query)
                cpu.append(1_000 * (time.thread_time() - start))
                clock.append(1_000 * (time.perf_counter() - begun))
            told = " / ".join(f"{np.percentile(cpu, q):.2f}" for q in (50, 95, 99))
            print(f"  {name:34}{told:22}{np.percentile(clock, 50):9.2f} / {np.percentile(clock, 95):.2f}", flush=True)
        print(f"  {'one product, best ten':34}{np.percentile(reference, 50):.2f} / {np.percentile(reference, 95):.2f}")


if __name__ == "__main__":
    main()
