"""How good it is on time that it has not seen, next to the best cheap things, in words and figures that anyone can
re-run.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model, assemble
from django_personalize.core.arrays import DAY, Float
from django_personalize.recommend.features import rows
from django_personalize.recommend.fold_in import FOLDS, standardised
from django_personalize.recommend.generators import GENERATORS, top
from django_personalize.recommend.personal import order_by
from django_personalize.recommend.profile import Profile
from django_personalize.training import catalogue as catalogues
from django_personalize.training import dataset, ranker, split
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.dataset import Orders
from django_personalize.training.factors import interactions
from django_personalize.training.fits import Fits
from django_personalize.training.learn import learn, with_factors
from django_personalize.training.metrics import K, Score, score
from django_personalize.training.split import Held

Progress = Callable[[str, int, int], None]
FOLD = "both"
"""How a person is folded in where there is nobody to choose by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model's line in the table."""

    name: str
    full: Score | None
    """Everyone linked in training."""
    none: Score | None
    """Nobody linked in training; each shopper folded in from their own orders when they ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The last window, held out."""

    cut: float
    days: float
    people: int
    items: int
    rows: tuple[Row, ...]
    rung: Mapping[str, str]
    """The rung of the personal ranking, at `full` and at `none`."""

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def table(self) -> str:
        """Return the report as plain text, one line per model."""
        width = max(len(row.name) for row in self.rows)
        head = f"{'NDCG@10 / HR@10 / coverage':{width}}  {'everyone linked':>22}  {'nobody linked':>22}"
        lines = [head, "-" * len(head)]
        lines += [f"{row.name:{width}}  {_cells(row.full):>22}  {_cells(row.none):>22}" for row in self.rows]
        told = (
            f"Held out: the last {self.days:g} days; {self.people:,} people known before and buying in them; "
            f"{self.items:,} items, repeats allowed. The personal ranking stands on the rung "
            f"'{self.rung['full']}' with everyone linked, '{self.rung['none']}' with nobody linked "
            "(then there is nobody to fit a ranker on)."
        )
        lines += ["", *textwrap.wrap(told, len(head))]
        return "\n".join(lines)


def _cells(found: Score | None) -> str:
    return "" if found is None else f"{found.ndcg:.4f}  {found.hit_rate:.3f}  {found.coverage:.3f}"


def in_memory(arrays: Mapping[str, NDArray[Any]], as_of: float, rungs: Iterable[str], fold: str = FOLD) -> Model:
    """Return a model that is not published, for measuring."""
    return assemble(arrays, {"as_of": as_of, "fold": fold, "rungs": {name: {"on": True} for name in rungs}})


def measure(held: Held, model: Model, scorer: Callable[[Model, Profile], Float], *, positive: bool = False) -> Score:
    """Return how well one scoring of all items does."""
    lists, truths = [], []
    for one in split.asked(held, model):
        shown = model.listed if one.allowed is None else model.listed & one.allowed
        best = top(np.where(shown, scorer(model, one.person), -np.inf), K, positive=positive)
        lists.append(best.tolist())
        truths.append(one.truth)
    return score(lists, truths, len(model.item_keys))


def measure_rungs(held: Held, model: Model, rungs: Sequence[str]) -> dict[str, Score]:
    """Return how well the personal row does on each rung, by the very code that serves."""
    lists: dict[str, list[list[int]]] = {rung: [] for rung in rungs}
    truths = []
    for one in split.asked(held, model):
        found = rows(model, one.person, allowed=one.allowed)
        truths.append(one.truth)
        for rung, shown in lists.items():
            stands = order_by(model, found, rung if one.person else "popular")
            shown.append(stands.item[top(stands.score, K)].tolist())
    return {rung: score(shown, truths, len(model.item_keys)) for rung, shown in lists.items()}


def choose_fold(held: Held, model: Model) -> str:
    """Return the fold-in with the best NDCG@10 of the factors alone, ties by name; `both` where there is nobody to
    ask.
    """
    if not held.shoppers:
        return FOLD
    found = {name: measure(held, model, fold).ndcg for name, fold in FOLDS.items()}
    return max(sorted(found), key=found.__getitem__)


def recent_counts(model: Model, person: Profile) -> Float:
    """What a shop's own "best sellers of the last 7 days" would say: lines sold in them."""
    return model.sold[:, 0]


def own_and_popular(model: Model, person: Profile) -> Float:
    """The best of the cheap: what the person bought and what everybody buys, standardised and added up."""
    return standardised(GENERATORS["own"](model, person)) + standardised(GENERATORS["popular"](model, person))


def report(
    source: Orders,
    *,
    seed: int,
    window_days: float = 30.0,
    threads: int = 1,
    catalogue: Catalogue | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hold out the last `window_days` of `source` (everyone linked) and measure every model on
    them.

    The window ends with the day of the last order. The ranker is fitted on the window before, with everything computed
    from before that window's cut. Nothing is tuned on the window that is reported.
    """
    tell = progress or _silent
    end = float(np.ceil(source.placed.max() / DAY) * DAY)
    cut, earlier = end - window_days * DAY, end - 2 * window_days * DAY
    alone = dataset.unlink(source)
    facts = catalogues.nothing() if catalogue is None else catalogue
    parts = {
        "full": dataset.before(source, cut),
        "none": dataset.before(alone, cut),
        "past": dataset.before(source, earlier),
    }
    jobs = [interactions(parts[name]) for name in ("past", "none", "full")]
    tell("report", 0, 4)
    with Fits(jobs, seed=seed, threads=threads) as fits:
        held, held_past = split.hold(source, cut, window_days), split.hold(source, earlier, window_days)
        then = learn(parts["past"], catalogues.before(facts, earlier), together=False)
        now = learn(parts["full"], catalogues.before(facts, cut), together=False)
        rungs = ("popular", "neighbours", "factors")
        arrays = with_factors(then, parts["past"], catalogues.before(facts, earlier), fits.get(0))
        past = in_memory(arrays, earlier, rungs)
        fold = choose_fold(held_past, past)
        weights = ranker.fit([ranker.examples(held_past, replace(past, fold=fold))])
        tell("report", 1, 4)
        table: dict[str, dict[str, Score]] = {}
        for place, (name, rung) in ((1, ("none", "factors")), (2, ("full", "ranker"))):
            arrays = with_factors(now, parts[name], catalogues.before(facts, cut), fits.get(place))
            model = replace(in_memory(arrays, cut, rungs, fold if name == "full" else FOLD), ranker=weights)
            if not table:  # no person is linked in these, so both columns are one figure
                table = {row: {"none": cheap, "full": cheap} for row, cheap in _impersonal(held, model).items()}
            folded = measure(held, model, GENERATORS["factors"])
            table.setdefault("LightFM alone, folded in", {})[name] = folded
            table.setdefault("personal ranking", {})[name] = measure_rungs(held, model, [rung])[rung]
            tell("report", place + 1, 4)
    tell("report", 4, 4)
    return Report(
        cut=cut,
        days=window_days,
        people=len(held.shoppers),
        items=len(model.item_keys),
        rows=tuple(Row(name=name, full=cells["full"], none=cells["none"]) for name, cells in table.items()),
        rung={"full": "ranker", "none": "factors"},
    )


def _impersonal(held: Held, model: Model) -> dict[str, Score]:
    scorers: dict[str, Callable[[Model, Profile], Float]] = {
        "best sellers of the last 7 days": recent_counts,
        "recent popularity (half-life 7 days)": GENERATORS["popular"],
        "own history": GENERATORS["own"],
        "basket neighbours": GENERATORS["neighbours"],
    }
    found = {name: measure(held, model, scorer, positive=True) for name, scorer in scorers.items()}
    return {**found, "own history + recent popularity": measure(held, model, own_and_popular)}


def _silent(stage: str, done: int, total: int) -> None:
    return None
