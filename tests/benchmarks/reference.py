"""Each generator alone beside a reference implementation of it, on the same orders, cut and people, in one run.

    pip install implicit
    python -m tests.benchmarks.reference --seeds 5
    python -m tests.benchmarks.reference --window validation

The orders are the example shop's with everyone linked, as `tests.benchmarks.learning` reads them; `validation` holds
out the 30 days before the last 30. References: `implicit` (Frederickson, MIT) for the least squares, each person by the
vector that it fitted for them; LightFM's own fitted people, where ours are folded in; dense matrices with nothing cut
off for whatever comes from baskets, asked with a half-life of 60 days; sums over plain lines for the rest. Differences
are ours minus the reference's, paired over people, means over seeds, with 95 % bootstrap intervals.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup()

from django_personalize.artifacts.model import Model  # noqa: E402
from django_personalize.core.arrays import DAY, Double, Factors, Float, Purchases  # noqa: E402
from django_personalize.integrations.lightfm import LightFMTrainer  # noqa: E402
from django_personalize.recommend import generators  # noqa: E402
from django_personalize.recommend.generators import top  # noqa: E402
from django_personalize.recommend.profile import Profile  # noqa: E402
from django_personalize.training import catalogue, dataset, evaluate, split  # noqa: E402
from django_personalize.training.dataset import Orders  # noqa: E402
from django_personalize.training.factors import interactions  # noqa: E402
from django_personalize.training.learn import learn, with_als, with_factors  # noqa: E402
from django_personalize.training.metrics import interval, per_person  # noqa: E402
from example_shop.data.cleaning import clean  # noqa: E402
from example_shop.data.raw import read  # noqa: E402
from example_shop.demo.learning import orders_of  # noqa: E402
from tests.benchmarks.together import Table, bm25, dense_ease, weighted  # noqa: E402

Scorer = Callable[[int, Profile], Float]
"""Scores of all items for a person by their place among `Purchases.person_keys` and by their profile."""
MISSING = 'The least squares are measured beside the package "implicit", which is not installed: pip install implicit'
ALS_HALF_LIFE, ALS_ALPHA, ALS_RIDGE, ALS_ROUNDS = 90.0, 2.0, 1.0, 15
ASKED_HALF_LIFE = 60.0
OWN_HALF_LIFE = 365.0


def decayed(purchases: Purchases, half_life: float) -> Any:
    """Return linked people x items as CSR: the sum over lines of 2^(-age / half-life)."""
    linked = purchases.person >= 0
    age = (purchases.as_of - purchases.time[linked]) / DAY
    shape = (len(purchases.person_keys), len(purchases.item_keys))
    places = (purchases.person[linked], purchases.item[linked])
    found = sparse.csr_array((np.exp2(-age / half_life).astype(np.float32), places), shape=shape)
    found.sum_duplicates()
    return found


def asked_of(table: Table, purchases: Purchases) -> Scorer:
    """Score by the sum of the rows of what a person bought, newer purchases counting more."""
    weights = decayed(purchases, ASKED_HALF_LIFE)

    def said(person: int, profile: Profile) -> Float:
        span = slice(weights.indptr[person], weights.indptr[person + 1])
        scores: Float = weights.data[span] @ table[weights.indices[span]]
        return scores

    return said


def implicit_als(purchases: Purchases, seed: int) -> Scorer:
    """The least squares of `implicit` over linked people, whose confidence is `ALS_ALPHA` times the decayed lines."""
    fitted = importlib.import_module("implicit.als").AlternatingLeastSquares(
        factors=64,
        regularization=ALS_RIDGE,
        alpha=ALS_ALPHA,
        iterations=ALS_ROUNDS,
        random_state=seed,
        num_threads=1,
    )
    fitted.fit(sparse.csr_matrix(decayed(purchases, ALS_HALF_LIFE)), show_progress=False)
    return lambda person, profile: fitted.item_factors @ fitted.user_factors[person]


def of_lines(purchases: Purchases) -> dict[str, Scorer]:
    """Return the references that are sums over plain lines."""
    lines = decayed(purchases, OWN_HALF_LIFE)
    age = (purchases.as_of - purchases.time) / DAY
    selling = np.bincount(purchases.item, weights=np.exp2(-age / 7.0), minlength=len(purchases.item_keys))
    popular = selling.astype(np.float32)
    return {
        "own history": lambda person, profile: lines[[person]].toarray()[0],
        "recent popularity": lambda person, profile: popular,
    }


def pairs(purchases: Purchases, seed: int, fixed: dict[str, Scorer]) -> Iterator[tuple[str, Scorer, Scorer]]:
    """Yield (what, ours, reference); `fixed` are the references that no seed changes."""
    trained = LightFMTrainer().learn(interactions(purchases), seed=seed, threads=1)
    vectors = np.ascontiguousarray(trained.item_embeddings, dtype=np.float32)
    factors = Factors(vectors=vectors, biases=np.ascontiguousarray(trained.item_biases, dtype=np.float32))
    arrays = with_als(learn(purchases, catalogue.nothing(), together=False), purchases, seed=seed)
    arrays = with_factors(arrays, purchases, catalogue.nothing(), factors)
    model = evaluate.in_memory(arrays, purchases.as_of, ("popular", "neighbours", "factors"))

    def ours(generator: Callable[[Model, Profile], Float]) -> Scorer:
        return lambda person, profile: generator(model, profile)

    def fitted(person: int, profile: Profile) -> Float:
        scores: Float = vectors @ trained.user_embeddings[person] + factors.biases
        return scores

    yield "own history", ours(generators.own), fixed["own history"]
    yield "recent popularity", ours(generators.popular), fixed["recent popularity"]
    yield "neighbours / the same, dense", ours(generators.neighbours), fixed["weighted"]
    yield "neighbours / BM25 sums", ours(generators.neighbours), fixed["BM25"]
    yield "EASE / the same, dense", ours(generators.ease), fixed["EASE"]
    yield "EASE / ridge 50, plain baskets", ours(generators.ease), fixed["EASE, plain"]
    yield "least squares / implicit", ours(generators.als), implicit_als(purchases, seed)
    yield "LightFM folded in / fitted people", ours(generators.factors), fitted


def measure(orders: Orders, end: float, seeds: range) -> dict[str, dict[str, tuple[Double, Double]]]:
    """Return per scope and pair the NDCG@10 of each person by ours and by the reference, means over seeds."""
    cut = end - 30 * DAY
    purchases, held = dataset.before(orders, cut), split.hold(orders, cut, 30.0)
    fixed = of_lines(purchases) | {
        "weighted": asked_of(weighted(purchases, 1.0, 0.3, 45.0), purchases),
        "BM25": asked_of(bm25(purchases, 1e6), purchases),
        "EASE": asked_of(dense_ease(purchases, 3.0, 0.5, 90.0), purchases),
        "EASE, plain": asked_of(dense_ease(purchases, 50.0, 0.0, 1e6), purchases),
    }
    places = people(orders, purchases, cut, end)
    blank = evaluate.in_memory(learn(purchases, catalogue.nothing(), together=False), cut, ("popular",))
    asked = list(split.asked(held, blank))
    if len(asked) != len(places):
        raise RuntimeError(f"{len(asked)} people are held out, {len(places)} bought after the cut and were known.")
    found: dict[str, dict[str, tuple[Double, Double]]] = {"all items": {}, "new items": {}}
    for seed in seeds:
        for name, *both in pairs(purchases, seed, fixed):
            for scope, by_pair in found.items():
                mine, theirs = (ndcg(scorer, asked, places, new=scope == "new items") / len(seeds) for scorer in both)
                before = by_pair.get(name, (np.zeros_like(mine), np.zeros_like(theirs)))
                by_pair[name] = (before[0] + mine, before[1] + theirs)
    return found


def people(orders: Orders, purchases: Purchases, cut: float, end: float) -> list[int]:
    """Return the places among `purchases.person_keys` of who was known and bought between `cut` and `end`."""
    later = dataset.before(orders, end)
    after = (later.time >= cut) & (later.time < end) & (later.person >= 0)
    came = {later.person_keys[person] for person in np.unique(later.person[after]).tolist()}
    return [place for place, key in enumerate(purchases.person_keys) if key in came]


def ndcg(scorer: Scorer, asked: list[split.Asked], places: list[int], *, new: bool) -> NDArray[np.float64]:
    """Return NDCG@10 of each of `asked`; with `new` what they had is neither shown nor counted."""
    lists, truths = [], []
    for place, one in zip(places, asked, strict=True):
        truth = one.truth - set(one.person.item.tolist()) if new else one.truth
        if truth:
            scores = np.array(scorer(place, one.person), dtype=np.float32)
            if new:
                scores[one.person.item] = -np.inf
            lists.append(top(scores, 10).tolist())
            truths.append(truth)
    return per_person(lists, truths)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--window", choices=["test", "validation"], default="test")
    given = options.parse_args()
    try:
        importlib.import_module("implicit.als")
    except ImportError:
        sys.exit(MISSING)
    source = orders_of(clean(read()))
    end = float(np.ceil(source.placed.max() / DAY) * DAY)
    if given.window == "validation":
        end -= 30 * DAY
        source = dataset.until(source, end)
    start = time.monotonic()
    for scope, by_pair in measure(source, end, range(given.seeds)).items():
        print(f"\n{scope}: NDCG@10 of ours, of the reference, and the difference (95 % interval)")
        for name, (mine, theirs) in by_pair.items():
            low, high = interval(mine - theirs)
            apart = f"{(mine - theirs).mean():+.4f} ({low:+.4f} to {high:+.4f})"
            print(f"{name:36} {mine.mean():.4f}  {theirs.mean():.4f}  {apart}")
    print(f"\n{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
