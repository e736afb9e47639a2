"""The merchandiser's rules as two pure functions: `before` the shop's query, and `after` it with what can be sold.

What acts, in this order: what keeps out (never show, show nothing else, by price), what moves (boost, bury), what is
pinned, and what is counted (at most so many). What is kept out stays out, whatever is pinned. Rules move, keep out and
pin among what can be sold now, and put nothing on a page twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from statistics import median

from django_personalize.artifacts.model import Model
from django_personalize.core.types import Candidate, Item, Reason
from django_personalize.models import Rule
from django_personalize.models.rule import By, Kind, Per, Relation
from django_personalize.placements.matching import matches, matching_keys, others_keys

Pair = tuple[Candidate, Item]
MOST_TOGETHER = 10.0
"""However many boosts and buryings meet in one item, they move it by no more than this."""
PICKED = Reason(code="picked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What rules say before anything is chosen."""

    exclude: frozenset[str] = frozenset()
    bring: tuple[str, ...] = ()
    """Keys that may come in although no pipeline chose them; render asks the shop for them with the rest."""
    rules: tuple[str, ...] = ()
    """The labels of the rules that acted, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """A row as rules leave it."""

    chosen: tuple[Pair, ...]
    rules: tuple[str, ...]


def exclusions(
    context: Iterable[str], shown: Iterable[str], dismissed: Iterable[str] = ()
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return what may not appear, and the names of the rules that say so, in the order in which they acted."""
    context, shown, dismissed = frozenset(context), frozenset(shown), frozenset(dismissed)
    rules = []
    if context:
        rules.append("exclude:context")
    if shown - context:
        rules.append("exclude:shown-on-page")
    if dismissed - context - shown:
        rules.append("exclude:dismissed")
    return context | shown | dismissed, tuple(rules)


def applicable(rules: Iterable[Rule], placement: str, segments: Collection[str], as_of: datetime) -> tuple[Rule, ...]:
    """Return those that are live in this placement for somebody in these segments, in the order given."""
    return tuple(
        rule for rule in rules if (not rule.placements or placement in rule.placements) and rule.is_for(segments, as_of)
    )


def before(rules: Iterable[Rule], model: Model | None) -> Before:
    """Return what need not be chosen, so that a row is full all the same, and what is asked of the shop besides.

    Categories and brands are the model's here; `after` looks at what the shop says now.
    """
    exclude: set[str] = set()
    bring: dict[str, None] = {}
    acted = []
    for rule in rules:
        if rule.kind == Kind.EXCLUDE:
            out = matching_keys(rule, model)
        elif rule.kind == Kind.REQUIRE:
            out = others_keys(rule, model)
        else:
            out = frozenset()
        if out:
            exclude |= out
            acted.append(rule.label)
        if rule.kind in (Kind.PIN, Kind.REQUIRE):
            bring |= dict.fromkeys(rule.item_keys)
    return Before(exclude=frozenset(exclude), bring=tuple(bring), rules=tuple(acted))


def after(
    rules: Sequence[Rule],
    pools: Iterable[Iterable[Pair]],
    n: int,
    *,
    taken: Collection[str] = (),
    brought: Mapping[str, Item] | None = None,
    page: Item | None = None,
    row: str = "",
    alone: bool = True,
) -> After:
    """Return up to `n` of `pools`, each best first, the next one asked only where the ones before left places free.

    `brought` are the items of `Before.bring` that can be sold, where they may come in; nothing where they may not.
    `page` is the one product that the page is about. `row` is `brand` or `category` where the row is of one: it is not
    counted per that. What rules bring in does not stand by itself unless `alone`: a row that is never padded is not
    padded by a rule either. Nothing of `taken` is returned, and nothing twice.
    """
    brought = brought or {}
    acted: dict[str, None] = {}
    gone = set(taken)
    keeps = [_Keeper(rule, page) for rule in rules if rule.kind in _KEEPERS]
    movers = [rule for rule in rules if rule.kind in (Kind.BOOST, Kind.BURY)]
    caps = [_Cap(rule) for rule in rules if rule.kind == Kind.CAP and rule.per != row]

    def open_to(key: str, item: Item) -> bool:
        return key not in gone and all(keeper.lets(item) for keeper in keeps)

    pinned: dict[int, Pair] = {}
    pins: list[str] = []
    for rule in rules:
        if rule.kind != Kind.PIN or rule.slot is None or rule.slot > n or rule.slot in pinned:
            continue
        key = next((key for key in rule.item_keys if key in brought and open_to(key, brought[key])), None)
        if key is not None:
            gone.add(key)
            pinned[rule.slot] = (_picked(key, rule), brought[key])
            pins.append(rule.label)
    for _candidate, item in pinned.values():
        for cap in caps:
            cap.count(item)
    chosen: list[Pair] = []
    room = n - len(pinned)
    for pool in _with_required(rules, pools, brought if alone else {}):
        if len(chosen) >= room:
            break
        pairs = [pair for pair in pool if open_to(pair[0].item_key, pair[1])]
        for candidate, item in _moved(pairs, movers, room, acted):
            if len(chosen) >= room:
                break
            if candidate.item_key not in gone and all(cap.lets(item) for cap in caps):
                gone.add(candidate.item_key)
                chosen.append((candidate, item))
                for cap in caps:
                    cap.count(item)
    if chosen or alone:
        acted |= dict.fromkeys(pins)
        for slot in sorted(pinned):
            chosen.insert(slot - 1, pinned[slot])
    acted |= dict.fromkeys(keeper.rule.label for keeper in keeps if keeper.acted)
    acted |= dict.fromkeys(cap.rule.label for cap in caps if cap.acted)
    return After(chosen=tuple(chosen), rules=tuple(rule.label for rule in _in_order(rules) if rule.label in acted))


_ORDER = (Kind.EXCLUDE, Kind.REQUIRE, Kind.PRICE, Kind.BOOST, Kind.BURY, Kind.PIN, Kind.CAP)
_KEEPERS = frozenset({Kind.EXCLUDE, Kind.REQUIRE, Kind.PRICE})


def _in_order(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: _ORDER.index(Kind(rule.kind)))


class _Keeper:
    """A rule that keeps items out, and whether it did."""

    def __init__(self, rule: Rule, page: Item | None) -> None:
        self.rule, self.page, self.acted = rule, page, False

    def lets(self, item: Item) -> bool:
        matched = matches(self.rule, item)
        if self.rule.kind == Kind.PRICE:
            kept = not matched or self.page is None or self.page.price is None or related(self.rule, item, self.page)
        else:
            kept = matched is (self.rule.kind == Kind.REQUIRE)
        self.acted = self.acted or not kept
        return kept


class _Cap:
    """A rule that counts, how many of each it has let in, and whether it kept any out."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.acted = rule, False
        self._in: Counter[str] = Counter()

    def _of(self, item: Item) -> str:
        return (item.brand if self.rule.per == Per.BRAND else item.category) if matches(self.rule, item) else ""

    def lets(self, item: Item) -> bool:
        name = self._of(item)
        full = bool(name) and self._in[name] >= (self.rule.most or 0)
        self.acted = self.acted or full
        return not full

    def count(self, item: Item) -> None:
        self._in[self._of(item)] += 1


def related(rule: Rule, item: Item, page: Item) -> bool:
    """Say whether the item's price stands to the page's as the rule wants; no where they cannot be compared."""
    if item.price is None or page.price is None or item.currency != page.currency:
        return False
    far = None if rule.percent is None else page.price * rule.percent / Decimal(100)
    near = far is None or abs(item.price - page.price) <= far
    if rule.relation == Relation.CHEAPER:
        return item.price < page.price and near
    return near and (rule.relation == Relation.WITHIN or item.price > page.price)


def _with_required(
    rules: Iterable[Rule], pools: Iterable[Iterable[Pair]], brought: Mapping[str, Item]
) -> Iterator[Iterable[Pair]]:
    """Yield the pools, and after the first what rules bring in by key to a row that shows nothing else."""
    wanted = [
        (_picked(key, rule), brought[key])
        for rule in rules
        if rule.kind == Kind.REQUIRE
        for key in rule.item_keys
        if key in brought
    ]
    for place, pool in enumerate(pools):
        yield pool
        if place == 0 and wanted:
            yield wanted


def _picked(key: str, rule: Rule) -> Candidate:
    return Candidate(item_key=key, score=0.0, source=f"rule:{rule.kind}", reason=PICKED)


def _moved(pairs: list[Pair], movers: Sequence[Rule], room: int, acted: dict[str, None]) -> list[Pair]:
    """Return a pool in the order that boosts and buryings give it: by place / factor.

    Of a tie what was moved up is first, what was moved down last, and the rest as they stood.

    An item that a boost alone brings among the first `room` is the shop's choice, and that is what it then says; where
    it would have been there, it names no item any more without which it might not be.
    """
    if not movers:
        return pairs
    stocks = [item.stock for _candidate, item in pairs if item.stock]
    usual = float(median(stocks)) if stocks else 0.0
    placed = []
    for place, (candidate, item) in enumerate(pairs, start=1):
        factor = 1.0
        for rule in movers:
            own = _factor(rule, item, usual) if matches(rule, item) else 1.0
            if own != 1.0:
                factor *= own
                acted[rule.label] = None
        factor = min(max(factor, 1 / MOST_TOGETHER), MOST_TOGETHER)
        if factor > 1.0:
            candidate = replace(candidate, reason=_still_true(candidate.reason, place <= room))
        placed.append((place / factor, -factor, place, (candidate, item)))
    return [pair for *_at, pair in sorted(placed, key=lambda each: each[:3])]


def _factor(rule: Rule, item: Item, usual: float) -> float:
    """Return by how much this rule divides the item's place; below 1 it multiplies it."""
    strength = float(rule.strength or 1)
    if rule.kind == Kind.BURY:
        return 1 / strength
    if rule.by == By.MARGIN:
        if item.cost is None or not item.price:
            return 1.0
        share = min(max(float((item.price - item.cost) / item.price), 0.0), 1.0)
    elif rule.by == By.STOCK:
        share = 0.0 if not item.stock else item.stock / (item.stock + usual)
    else:
        share = 1.0
    return 1.0 + (strength - 1.0) * share


def _still_true(reason: Reason, would_be_here: bool) -> Reason:
    if not would_be_here:
        return PICKED
    return Reason(code="for_you") if reason.code in ("because_bought", "because_viewed") else reason
