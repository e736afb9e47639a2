"""*Bought together* and the unseen visitor, measured on real orders against what else could have served.

    python -m tests.benchmarks.together

The orders are the example shop's, as `tests.benchmarks.learning` reads them. Baskets of 2 to 60 lines of the last 30
days (nothing was learnt from them), two lines drawn from each. *Product page*: the drawn line is given;
a hit is any other line of the basket. *Completing the basket*: the drawn line is hidden and all others are given.
Every rival takes the setting of its grid that does best in the 30 days before, by HR@5 on the product page and by
HR@10 in completing; the last 30 days are looked at once. Ours is what `rank("bought_together", ...)` serves.

*Unseen visitor*: baskets of 6 to 100 lines of the last 30 days whose buyer has none before; of each, m lines are known
and the others are to be found, over several draws of the lines. Ours is the personal row as it is served.

Differences are ours minus the rival's on the same tasks, with 95 % intervals over resampled baskets.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup()

from django_personalize.artifacts.model import Model  # noqa: E402
from django_personalize.core.arrays import DAY, Purchases  # noqa: E402
from django_personalize.core.types import Query  # noqa: E402
from django_personalize.recommend.generators import top  # noqa: E402
from django_personalize.recommend.personal import standing  # noqa: E402
from django_personalize.recommend.pipeline import rank  # noqa: E402
from django_personalize.recommend.profile import weigh  # noqa: E402
from django_personalize.training import catalogue, dataset, evaluate  # noqa: E402
from django_personalize.training.baskets import matrix, worth  # noqa: E402
from django_personalize.training.dataset import Orders  # noqa: E402
from django_personalize.training.factors import interactions  # noqa: E402
from django_personalize.training.fits import Fits  # noqa: E402
from django_personalize.training.learn import learn, with_factors  # noqa: E402
from example_shop.data.cleaning import clean  # noqa: E402
from example_shop.data.raw import read  # noqa: E402
from example_shop.demo.learning import orders_of  # noqa: E402

Table = NDArray[np.float32]
"""(items, items): what each item says of each other."""
Shown = Callable[[list[int]], list[int]]
"""The first ten places for lines that are given, none of which is among them."""
DAYS = 30.0
WIDTHS = 1.0 / np.log2(np.arange(10) + 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was known at a cut, and the baskets of the 30 days after it as places of `purchases.item_keys`."""

    cut: float
    purchases: Purchases
    baskets: tuple[list[int], ...]
    """A place below zero is an item that was unknown at the cut: it was bought and cannot be found."""
    strangers: tuple[bool, ...]
    """Whether the buyer had bought nothing before the cut, or has no customer number."""


def window(source: Orders, back: int) -> Window:
    """Return the window that ends `back - 1` windows before the end of the orders."""
    cut = float(np.ceil(source.placed.max() / DAY) * DAY) - back * DAYS * DAY
    past = dataset.before(source, cut)
    whole = dataset.net(source) if back == 1 else dataset.before(source, cut + DAYS * DAY)
    known, place = set(past.person_keys), {key: i for i, key in enumerate(past.item_keys)}
    places = [place.get(key, -1 - i) for i, key in enumerate(whole.item_keys)]
    after = np.flatnonzero((whole.time >= cut) & (whole.time < cut + DAYS * DAY))
    baskets, strangers = [], []
    for rows in np.split(after, np.flatnonzero(np.diff(whole.basket[after])) + 1):
        person = int(whole.person[rows[0]])
        baskets.append(sorted(places[item] for item in whole.item[rows].tolist()))
        strangers.append(person < 0 or whole.person_keys[person] not in known)
    return Window(cut=cut, purchases=past, baskets=tuple(baskets), strangers=tuple(strangers))


def counts(purchases: Purchases) -> Table:
    baskets, _ = matrix(purchases)
    return _alone(baskets.T @ baskets)


def bm25(purchases: Purchases, half_life: float) -> Table:
    """Robertson's weights of items in baskets, k1 = 1.2 and b = 0.75, multiplied with themselves."""
    baskets, age = matrix(purchases)
    lengths = np.diff(baskets.indptr)
    rarity = np.log(baskets.shape[0] / (1.0 + np.asarray(baskets.sum(axis=0)).ravel()))
    short = 2.2 / (1.2 * (0.25 + 0.75 * lengths / lengths.mean()) + 1.0)
    weights = sparse.diags_array(short) @ baskets @ sparse.diags_array(rarity)
    return _alone(weights.T @ sparse.diags_array(np.exp2(-age / half_life)) @ weights)


def weighted(purchases: Purchases, gamma: float, alpha: float, half_life: float) -> Table:
    """The neighbours' formula without leaving any pair out."""
    baskets, age = matrix(purchases)
    shared = (baskets.T @ sparse.diags_array(worth(baskets, age, gamma, half_life)) @ baskets).toarray()
    mass = np.maximum(shared.diagonal().copy(), 1e-300)
    return _alone(shared / mass[:, None] / mass[None, :] ** alpha)


def dense_ease(purchases: Purchases, ridge: float, gamma: float, half_life: float) -> Table:
    """EASE with nothing cut off, in float64."""
    baskets, age = matrix(purchases)
    gram = (baskets.T @ sparse.diags_array(worth(baskets, age, gamma, half_life)) @ baskets).toarray()
    inverse = linalg.inv(gram + ridge * np.eye(len(gram)), overwrite_a=True)
    return _alone(-inverse / np.diagonal(inverse))


def _alone(scores: Any) -> Table:
    table: Table = np.asarray(scores.toarray() if sparse.issparse(scores) else scores, dtype=np.float32)
    np.fill_diagonal(table, 0.0)
    return table


RIVALS: dict[str, tuple[Callable[..., Table], list[tuple[float, ...]]]] = {
    "raw counts": (counts, [()]),
    "BM25, decayed": (bm25, [(90.0,), (180.0,), (1e6,)]),
    "size-weighted counts": (weighted, list(product((0.5, 1.0), (0.3, 0.4), (90.0, 180.0, 1e6)))),
    "EASE, all weights": (dense_ease, list(product((3.0, 10.0, 40.0), (0.5,), (90.0, 180.0)))),
}


def sums(table: Table) -> Shown:
    """Show the best ten by the sum of the given lines' rows."""

    def shown(given: list[int]) -> list[int]:
        score = table[given].sum(axis=0)
        score[given] = 0.0
        return top(score, 10, positive=True).tolist()

    return shown


def served(model: Model) -> Shown:
    """Show what the product page and the basket page would."""
    moment = datetime.fromtimestamp(model.as_of, UTC)

    def shown(given: list[int]) -> list[int]:
        asked = Query(placement="p", n=10, as_of=moment, context=tuple(model.item_keys[place] for place in given))
        return model.indices([each.item_key for each in rank("bought_together", asked, model).candidates[:10]])

    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One figure per task; `basket` says which tasks resample together."""

    basket: NDArray[np.int64]
    figures: dict[str, NDArray[np.float64]]
    coverage: float

    def mean(self, name: str) -> float:
        return float(self.figures[name].mean())


def judge(tasks: Iterable[tuple[int, list[int], set[int]]], shown: Shown, n_items: int) -> Outcome:
    """Return the outcome over tasks of (basket, given, to be found); coverage by the first five."""
    basket, hits5, hits10, shares, gains = [], [], [], [], []
    seen: set[int] = set()
    for number, given, wanted in tasks:
        known = [place for place in given if place >= 0]
        found = shown(known) if known else []
        hit = np.array([place in wanted for place in found] + [False] * (10 - len(found)))
        seen.update(found[:5])
        basket.append(number)
        hits5.append(hit[:5].any())
        hits10.append(hit.any())
        shares.append(hit[:5].sum() / 5)
        gains.append((hit * WIDTHS).sum() / WIDTHS[: min(10, len(wanted))].sum())
    columns = {"HR@5": hits5, "HR@10": hits10, "P@5": shares, "NDCG@10": gains}
    figures = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
    return Outcome(basket=np.array(basket), figures=figures, coverage=len(seen) / n_items)


def drawn(held: Window, *, completing: bool, lines: int = 2) -> list[tuple[int, list[int], set[int]]]:
    """Return the tasks of a window: `lines` lines drawn from each basket of 2 to 60 with a fixed seed."""
    chance = np.random.default_rng(0)
    tasks = []
    for number, basket in enumerate(held.baskets):
        if not 2 <= len(basket) <= 60:
            continue
        for line in chance.permutation(basket)[:lines].tolist():
            rest = [place for place in basket if place != line]
            tasks.append((number, rest, {line}) if completing else (number, [line], set(rest)))
    return tasks


def spread(ours: Outcome, rival: Outcome, name: str, *, times: int = 2_000) -> tuple[float, float, float]:
    """Return the mean difference and the bounds of its 95 % interval over resampled baskets."""
    _, place = np.unique(ours.basket, return_inverse=True)
    total = np.bincount(place, weights=ours.figures[name] - rival.figures[name])
    size = np.bincount(place)
    chance = np.random.default_rng(0)
    picks = [chance.integers(0, len(total), len(total)) for _ in range(times)]
    means = [float(total[pick].sum() / size[pick].sum()) for pick in picks]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(total.sum() / size.sum()), float(low), float(high)


def tell(title: str, rows: dict[str, Outcome], names: Sequence[str], by: str, ours: str) -> None:
    """Print one table, with the paired difference of `ours` to each by the figure `by`."""
    width = max(len(name) for name in rows)
    print(f"\n{title}\n{'':{width}}  " + "  ".join(f"{name:>7}" for name in (*names, "cov")) + f"   ours - it, {by}")
    for name, found in rows.items():
        cells = "  ".join(f"{value:7.4f}" for value in (*(found.mean(each) for each in names), found.coverage))
        away = "" if name == ours else "{:+.4f} [{:+.4f}, {:+.4f}]".format(*spread(rows[ours], found, by))
        print(f"{name:{width}}  {cells}   {away}", flush=True)


def compare(now: Window, past: Window, model: Model) -> None:
    """Print the product page and the completing of baskets."""
    sparse_model = replace(model, ease_index=model.ease_index[:, :0], ease_weight=model.ease_weight[:, :0])
    ours = {"ours, without EASE": served(sparse_model), "ours": served(model)}
    pages = (("Product page: one line given", False, "HR@5"), ("Completing the basket: one line hidden", True, "HR@10"))
    chosen: dict[str, dict[str, tuple[float, tuple[float, ...]]]] = {title: {} for title, *_ in pages}
    for name, (build, grid) in RIVALS.items():
        for setting in grid if len(grid) > 1 else ():
            table = build(past.purchases, *setting)
            for title, completing, by in pages:
                found = judge(drawn(past, completing=completing), sums(table), len(table)).mean(by)
                chosen[title][name] = max(chosen[title].get(name, (-1.0, ())), (found, setting))
    for title, completing, by in pages:
        tasks, n_items = drawn(now, completing=completing), len(now.purchases.item_keys)
        rows = {}
        for name, (build, grid) in RIVALS.items():
            setting = chosen[title][name][1] if len(grid) > 1 else ()
            rows[f"{name} {setting or ''}"] = judge(tasks, sums(build(now.purchases, *setting)), n_items)
        rows |= {name: judge(tasks, shown, n_items) for name, shown in ours.items()}
        names = ("HR@5", "HR@10", "NDCG@10") if completing else ("HR@5", "HR@10", "P@5", "NDCG@10")
        tell(f"{title} ({len(tasks):,} tasks)", rows, names, by, "ours")


def meet(now: Window, past: Window, model: Model, *, draws: int) -> None:
    """Print what a visitor sees whom the training never saw, by how many lines are known."""
    build, grid = RIVALS["EASE, all weights"]
    scores = {}
    for setting in grid:
        shown = sums(build(past.purchases, *setting))
        scores[setting] = judge(_strangers(past, 3, 3), shown, len(past.purchases.item_keys)).mean("NDCG@10")
    setting = max(scores, key=scores.__getitem__)
    selling = model.popularity[:, 1]

    def popular(given: list[int]) -> list[int]:
        return [place for place in top(selling, 10 + len(given), positive=True).tolist() if place not in given][:10]

    def row(given: list[int]) -> list[int]:
        items = np.array(given, dtype=np.int32)
        none = np.zeros(len(items), dtype=bool)
        person = weigh(model, items, ~none, np.zeros(len(items)), seen=none)
        allowed = model.listed.copy()
        allowed[items] = False
        found = standing(model, person, allowed=allowed)
        best: list[int] = found.item[top(found.score, 10)].tolist()
        return best

    ways = {
        "popular, 7 days": popular,
        "size-weighted counts": sums(weighted(now.purchases, 0.75, 0.2, 90.0)),
        f"EASE sums {setting}": sums(build(now.purchases, *setting)),
        "ours": row,
    }
    for lines in (1, 3, 5):
        tasks = _strangers(now, lines, draws)
        rows = {name: judge(tasks, shown, len(model.item_keys)) for name, shown in ways.items()}
        title = (
            f"Unseen visitor, {lines} known ({len({task[0] for task in tasks})} baskets, {draws} draws of the lines)"
        )
        tell(title, rows, ("NDCG@10", "HR@10"), "NDCG@10", "ours")


def _strangers(held: Window, lines: int, draws: int) -> list[tuple[int, list[int], set[int]]]:
    tasks = []
    for number, (basket, stranger) in enumerate(zip(held.baskets, held.strangers, strict=True)):
        if stranger and 6 <= len(basket) <= 100:
            chance = np.random.default_rng([number, lines])
            for _ in range(draws):
                order = chance.permutation(basket).tolist()
                tasks.append((number, order[:lines], set(order[lines:])))
    return tasks


def learnt(held: Window, seed: int) -> Model:
    """Return the model of a window with its factors, over the items that had been sold."""
    arrays = learn(held.purchases, catalogue.nothing())
    with Fits([interactions(held.purchases)], seed=seed, threads=1) as fits:
        arrays = with_factors(arrays, held.purchases, catalogue.nothing(), fits.get(0))
    return evaluate.in_memory(arrays, held.cut, ("popular", "neighbours", "factors"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--draws", type=int, default=20, help="draws of the lines that are known of an unseen visitor")
    given = options.parse_args()
    source = orders_of(clean(read()))
    now, past = window(source, 1), window(source, 2)
    model = learnt(now, given.seed)
    compare(now, past, model)
    meet(now, past, model, draws=given.draws)


if __name__ == "__main__":
    main()
