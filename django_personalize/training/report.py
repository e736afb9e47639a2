"""The last window held out: every way of ordering beside the best cheap ones, with intervals, for anyone to re-run."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Double, Float
from django_personalize.exceptions import TrainerUnavailable
from django_personalize.recommend.features import rows
from django_personalize.recommend.fold_in import standardised
from django_personalize.recommend.generators import GENERATORS, ease, top
from django_personalize.recommend.personal import order_by
from django_personalize.recommend.profile import Profile
from django_personalize.training import catalogue as catalogues
from django_personalize.training import dataset, evaluate, ladder, ranker, split
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.damping import damped
from django_personalize.training.dataset import Orders
from django_personalize.training.factors import interactions
from django_personalize.training.fits import Fits
from django_personalize.training.learn import learn, with_als, with_factors
from django_personalize.training.metrics import hit, interval, ndcg
from django_personalize.training.split import Held

Progress = Callable[[str, int, int], None]
Scorer = Callable[[Model, Profile], Float]
DEEPEST = 20
ALL, NEW = "all", "new"
SCOPES: Mapping[str, str] = {ALL: "all items, repeats allowed", NEW: "items new to the shopper, owned ones left out"}
PERSONAL = "personal ranking"
CHEAP = "own history + recent popularity"
POPULAR = "recent popularity (half-life 7 days)"
RUNGS: tuple[str, ...] = ("popular", "neighbours", "factors")


@dataclass(slots=True)
class Figures:
    """What one way of ordering did for each person, summed over seeds."""

    people: int
    seeds: int = 0
    ndcg: Double = field(default_factory=lambda: np.empty(0))
    """(people, DEEPEST) NDCG at 1, 2, …, summed over seeds."""
    hits: Double = field(default_factory=lambda: np.empty(0))
    covered: float = 0.0

    def add(self, lists: Sequence[Sequence[int]], truths: Sequence[frozenset[int]], n_items: int) -> None:
        depths = range(1, DEEPEST + 1)
        pairs = list(zip(lists, truths, strict=True))
        gains = np.array([[ndcg(items, truth, k) for k in depths] for items, truth in pairs]).reshape(-1, DEEPEST)
        hits = np.array([[hit(items, truth, k) for k in depths] for items, truth in pairs]).reshape(-1, DEEPEST)
        self.ndcg, self.hits = (gains, hits) if not self.seeds else (self.ndcg + gains, self.hits + hits)
        self.covered += len({item for items in lists for item in items[:10]}) / max(n_items, 1)
        self.seeds += 1

    def at(self, k: int = 10) -> Double:
        """Return NDCG@k of each person, the mean over seeds."""
        each: Double = self.ndcg[:, k - 1] / max(self.seeds, 1)
        return each

    def hit_rate(self, k: int = 10) -> float:
        return float(self.hits[:, k - 1].mean() / max(self.seeds, 1)) if self.people else 0.0

    @property
    def coverage(self) -> float:
        """The share of the catalogue among anybody's first 10, the mean over seeds."""
        return self.covered / max(self.seeds, 1)


Cell = tuple[float, str]
"""The share of people linked in training, and the scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The last window, held out."""

    cut: float
    days: float
    items: int
    shares: tuple[float, ...]
    rows: Mapping[str, Mapping[Cell, Figures]]
    rung: Mapping[float, str]
    """The rung that the personal ranking stands on, by share."""

    def mean(self, name: str, share: float = 1.0, scope: str = ALL) -> float:
        """Return the mean NDCG@10."""
        return float(self.rows[name][share, scope].at().mean())

    def gain(self, name: str, over: str, share: float = 1.0, scope: str = ALL) -> tuple[float, float, float]:
        """Return the mean paired difference in NDCG@10 over people, and its 95 % interval."""
        apart = self.rows[name][share, scope].at() - self.rows[over][share, scope].at()
        return (float(apart.mean()), *interval(apart))

    def table(self) -> str:
        """Return the report as plain text."""
        width = max(len(name) for name in self.rows)
        heads = [_share(share) for share in self.shares]
        lines = []
        for scope, words in SCOPES.items():
            people = self.rows[POPULAR][self.shares[0], scope].people
            lines += [f"{words}: {people:,} people. NDCG@10 and its 95 % interval, HR@10, coverage", ""]
            head = f"{'':{width}}" + "".join(f"  {text:>35}" for text in heads)
            lines += [head, "-" * len(head)]
            for name, cells in self.rows.items():
                if (self.shares[0], scope) in cells:
                    told = "".join(f"  {_cell(cells.get((share, scope))):>35}" for share in self.shares)
                    lines.append(f"{name:{width}}{told}")
            for share in self.shares:
                for over in (POPULAR, CHEAP):
                    gain, low, high = self.gain(PERSONAL, over, share, scope)
                    lines.append(f"{PERSONAL} over {over}, {_share(share)}: {gain:+.4f} ({low:+.4f} to {high:+.4f})")
            lines.append("")
        stands = ", ".join(f"'{self.rung[share]}' with {_share(share)}" for share in self.shares)
        told = (
            f"Held out: the last {self.days:g} days, of people known before and buying in them, {self.items:,} items. "
            f"The personal ranking stands on the rung {stands}. Intervals are over people (bootstrap), differences "
            "paired."
        )
        return "\n".join([*lines, *textwrap.wrap(told, 100)])


def _share(share: float) -> str:
    return {1.0: "everyone linked", 0.0: "nobody linked"}.get(share, f"{share:.0%} linked")


def _cell(found: Figures | None) -> str:
    if found is None or not found.people:
        return ""
    low, high = interval(found.at())
    return f"{found.at().mean():.4f} ({low:.4f}-{high:.4f}) {found.hit_rate():.3f} {found.coverage:.3f}"


def enough(source: Orders, window_days: float) -> str:
    """Return why nothing can be measured on the last `window_days` of `source`, in words; '' where it can."""
    if not len(source.placed):
        return "There is no order line yet, so there is nothing to hold out."
    cut = _end(source) - window_days * DAY
    people = len(split.hold(source, cut, window_days).shoppers)
    if people < ladder.JUDGES:
        return (
            f"Only {people} of the people who agreed to be known had bought before the last {window_days:g} days and "
            f"bought again in them; {ladder.JUDGES} are wanted before figures mean anything. Hold out more with --days."
        )
    return ""


def _end(source: Orders) -> float:
    """Return the end of the day of the last order."""
    return float(np.ceil(source.placed.max() / DAY) * DAY)


def recent_counts(model: Model, person: Profile) -> Float:
    """What a shop's own "best sellers of the last 7 days" would say: lines sold in them."""
    return model.sold[:, 0]


def own_and_popular(model: Model, person: Profile) -> Float:
    """The best of the cheap: what the person bought and what everybody buys, standardised and added up."""
    return standardised(GENERATORS["own"](model, person)) + standardised(GENERATORS["popular"](model, person))


SCORERS: Mapping[str, tuple[Scorer, bool]] = {
    "best sellers of the last 7 days": (recent_counts, True),
    POPULAR: (GENERATORS["popular"], True),
    "own history": (GENERATORS["own"], True),
    CHEAP: (own_and_popular, False),
    "basket neighbours": (GENERATORS["neighbours"], True),
    "what owners take lately": (GENERATORS["lately"], True),
    "linear model over baskets": (ease, True),
    "words, category and brand": (GENERATORS["content"], True),
    "least squares, folded in": (GENERATORS["als"], False),
    "LightFM alone, folded in": (GENERATORS["factors"], False),
}
"""Each with whether a score of zero says nothing."""
OF_OWN = frozenset({"own history"})
"""Says nothing of what is new."""


def report(
    source: Orders,
    *,
    seeds: Sequence[int] = (0,),
    shares: Sequence[float] = (1.0, 0.0),
    window_days: float = 30.0,
    threads: int = 1,
    catalogue: Catalogue | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hold out the last `window_days` of `source` and measure every way of ordering on them, at each share of the
    people linked in training; whoever is asked about is folded in from their own orders.

    The window ends with the day of the last order. The ranker is fitted on the window before, on linked people only,
    with everything computed from before that window's cut. Nothing is tuned on the window that is reported. `enough`
    says whether there is anything to hold out. Without a trainer the factors have no say.
    """
    tell = progress or _silent
    end = _end(source)
    cut, earlier = end - window_days * DAY, end - 2 * window_days * DAY
    facts = catalogues.nothing() if catalogue is None else catalogue
    held = split.hold(source, cut, window_days)
    table: dict[str, dict[Cell, Figures]] = {}
    rung: dict[float, str] = {}
    steps = len(seeds) * len(shares)
    tell("report", 0, steps)
    for done, (seed, share) in enumerate((seed, share) for seed in seeds for share in shares):
        linked = dataset.unlink(source, share, seed) if share < 1.0 else source
        taught = split.hold(linked, earlier, window_days)
        cuts = [cut, *([earlier] if len(taught.shoppers) >= ladder.PEOPLE else [])]
        parts = {at: damped(dataset.before(linked, at)) for at in cuts}
        arrays, rungs = {}, RUNGS
        with Fits([interactions(parts[at]) for at in cuts], seed=seed, threads=threads) as fits:
            for place, at in enumerate(cuts):
                known = catalogues.before(facts, at)
                arrays[at] = with_als(learn(parts[at], known, together=False), parts[at], seed=seed)
                try:
                    arrays[at] = with_factors(arrays[at], parts[at], known, fits.get(place))
                except TrainerUnavailable:
                    rungs = RUNGS[:-1]
        rung[share], model = rungs[-1], evaluate.in_memory(arrays[cut], cut, rungs)
        if earlier in arrays:
            past = evaluate.in_memory(arrays[earlier], earlier, rungs)
            fold = evaluate.choose_fold(taught, past)
            found = ranker.examples(taught, replace(past, fold=fold))
            if found:
                fitted = {**arrays[cut], **ranker.fit([found], seed=seed)}
                rung[share], model = "ranker", evaluate.in_memory(fitted, cut, (*rungs, "ranker"), fold)
        for scope in SCOPES:
            _measure(held, model, rung[share], (share, scope), table)
        tell("report", done + 1, steps)
    return Report(
        cut=cut,
        days=window_days,
        items=len(model.item_keys),
        shares=tuple(shares),
        rows=table,
        rung=rung,
    )


def _measure(held: Held, model: Model, rung: str, cell: Cell, table: dict[str, dict[Cell, Figures]]) -> None:
    """Add what every way of ordering says to each of `held` to `table`."""
    new = cell[1] == NEW
    lists: dict[str, list[list[int]]] = {name: [] for name in (*SCORERS, PERSONAL) if not (new and name in OF_OWN)}
    truths = []
    for one in split.asked(held, model, new=new):
        shown = model.listed if one.allowed is None else model.listed & one.allowed
        for name, (scorer, positive) in SCORERS.items():
            if name in lists:
                said = np.where(shown, scorer(model, one.person), -np.inf)
                lists[name].append(top(said, DEEPEST, positive=positive).tolist())
        stands = order_by(model, rows(model, one.person, allowed=one.allowed), rung if one.person else "popular")
        lists[PERSONAL].append(stands.item[top(stands.score, DEEPEST)].tolist())
        truths.append(one.truth)
    for name, each in lists.items():
        found = table.setdefault(name, {}).setdefault(cell, Figures(people=len(truths)))
        found.add(each, truths, len(model.item_keys))


def _silent(stage: str, done: int, total: int) -> None:
    return None
