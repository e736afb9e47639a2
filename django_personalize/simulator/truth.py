"""What is so, whether or not anybody sees it. Only scorer and oracle may hold a `Truth`; a learner never does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from django_personalize.core.arrays import Double
from django_personalize.simulator.shelf import Shelf
from django_personalize.simulator.world import Choice, Luck, World, luck

LATENT = 6
NOVELTY_HALF_LIFE = 20.0
SALE_DAYS = 14.0
SALE_PRICE = 0.7
MONTH = 30.0
KINDS = 4
"""By rules a shopper is one of these: fills bundles, follows the months, hunts bargains, collects and never repeats."""
STRICT = 8.0
"""How much log-preference a rule is worth: what it speaks against is bought by one in some thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One arrival; it happens whatever is shown, so that two policies meet the very same visits."""

    at: float
    """Days."""
    shopper: int
    buying: bool
    lines: int
    """How many different items the shopper came for; 0 in a visit that only looks."""
    number: int
    """Counts the visits of the world in time order: the seed of all that is random within this one."""


class Truth:
    """One world drawn under one seed. The same world and seed always give the same."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        chance = luck(seed, Luck.ITEMS)
        n = world.items
        category = chance.integers(0, world.categories, n)
        brand = chance.integers(0, world.brands, n)
        middles = chance.normal(size=(world.categories, LATENT))
        makes = chance.normal(size=(world.brands, LATENT))
        vectors = 0.8 * middles[category] + 0.4 * makes[brand] + 0.45 * chance.normal(size=(n, LATENT))
        self._vectors: Double = vectors / vectors.std() / np.sqrt(LATENT)
        self._list_price: Double = np.round(np.exp(chance.normal(1.1, 0.8, n) + 0.4 * middles[category, 0]) + 0.3, 2)
        self._appeal: Double = chance.normal(0.0, world.steepness, n)
        self._rhythm = chance.uniform(60.0, 240.0, n), chance.uniform(0.0, 2 * np.pi, n)
        self._year = chance.uniform(0.0, 2 * np.pi, world.categories)
        self._sale = chance.uniform(0.0, SALE_DAYS / max(world.on_sale, 1e-9), n)
        self._bundle = chance.permutation(n) // 5
        arrives = np.where(chance.random(n) < world.new_items, chance.uniform(0.0, world.days, n), -400.0)
        self._since: Double = np.where(arrives < 0, -chance.uniform(60.0, 700.0, n), arrives)
        self._category = category
        self._brand = brand
        self.shelf = Shelf.of(category, brand, self._since)
        self._draw_shoppers(luck(seed, Luck.SHOPPERS))
        self.visits = self._draw_visits(luck(seed, Luck.ARRIVALS))

    def _draw_shoppers(self, chance: np.random.Generator) -> None:
        world, n = self.world, self.world.shoppers
        self._likes: Double = chance.normal(size=(2, n, LATENT))
        self._thrift: Double = world.thrift * chance.gamma(2.0, 0.5, n)
        self._habit: Double = chance.beta(4 * world.habit, 4 * (1 - world.habit), n) if world.habit else np.zeros(n)
        self._kind = chance.integers(0, KINDS, n)
        self._themes = chance.integers(0, 2**31, n)
        self.consents: NDArray[np.bool_] = chance.random(n) < world.consent
        self.shopper_keys = tuple(f"shopper-{number:05}" for number in range(n))

    def _draw_visits(self, chance: np.random.Generator) -> tuple[Visit, ...]:
        world, n = self.world, self.world.shoppers
        joined = np.where(chance.random(n) < world.present, 0.0, chance.uniform(0.0, world.days, n))
        rate = world.visits / 365.0 * np.exp(world.visits_spread * chance.normal(size=n))
        half = world.basket_spread * np.sqrt(0.5)
        size = np.log(world.basket) + half * chance.normal(size=n)
        drawn = []
        for shopper in range(n):
            at = joined[shopper] + (chance.exponential(1 / rate[shopper]) if joined[shopper] == 0 else 0.0)
            while at < world.days:
                buying = bool(chance.random() < world.buying)
                lines = int(np.clip(np.rint(np.exp(size[shopper] + half * chance.normal())), 1, world.items // 3))
                drawn.append((at, shopper, buying, lines))
                if chance.random() < world.churn:
                    break
                at += 0.5 + chance.exponential(1 / rate[shopper])
        return tuple(
            Visit(at=at, shopper=shopper, buying=buying, lines=lines if buying else 0, number=number)
            for number, (at, shopper, buying, lines) in enumerate(sorted(drawn))
        )

    def on_shelf(self, day: float) -> NDArray[np.bool_]:
        shown: NDArray[np.bool_] = self._since <= day
        return shown

    def reduced(self, day: float) -> NDArray[np.bool_]:
        """Return which items are on sale."""
        if not self.world.on_sale:
            return np.zeros(self.world.items, dtype=bool)
        cycle = SALE_DAYS / self.world.on_sale
        sale: NDArray[np.bool_] = (day + self._sale) % cycle < SALE_DAYS
        return sale

    def list_price(self) -> Double:
        return self._list_price

    def price(self, day: float) -> Double:
        return np.round(np.where(self.reduced(day), SALE_PRICE, 1.0) * self._list_price, 2)

    def appeal(self, day: float) -> Double:
        """Return (items,) what everybody sees in an item at `day`, as log-preference; -inf off the shelf."""
        world = self.world
        length, phase = self._rhythm
        log = self._appeal + world.drift * np.sin(2 * np.pi * day / length + phase)
        log += world.season * np.sin(2 * np.pi * day / 365.0 + self._year[self._category])
        log += world.novelty * np.exp2(-np.maximum(day - self._since, 0.0) / NOVELTY_HALF_LIFE)
        return np.where(self.on_shelf(day), log, -np.inf)

    def want(self, shopper: int, day: float, owned: Double) -> Double:
        """Return (items,) what share of this shopper's wishes each item has at `day`; sums to 1.

        `owned` is how often they bought each item, recent purchases counting most.
        """
        appeal = self.appeal(day)
        if self.world.choice is Choice.POPULARITY:
            return _share(appeal)
        if self.world.choice is Choice.RULES:
            return _share(appeal + self._rule(shopper, day, owned))
        turn = self.world.taste_turns * day / 365.0
        likes = np.cos(turn) * self._likes[0, shopper] + np.sin(turn) * self._likes[1, shopper]
        cheap = np.log2(self.price(day)) - np.log2(self._list_price).mean()
        fresh = _share(appeal + self.world.taste * (self._vectors @ likes) - self._thrift[shopper] * cheap)
        mine = np.where(np.isfinite(appeal), owned, 0.0)
        total = mine.sum()
        habit = self._habit[shopper] if total > 0 else 0.0
        wanted: Double = (1 - habit) * fresh + (habit / max(total, 1e-12)) * mine
        return wanted

    def _rule(self, shopper: int, day: float, owned: Double) -> Double:
        month = int(day // MONTH)
        kind, theme = int(self._kind[shopper]), int(self._themes[shopper])
        if kind == 0:
            bundles = int(self._bundle.max()) + 1
            picked = [(theme + 7 * month + step) % bundles for step in range(4)]
            return np.where(np.isin(self._bundle, picked), STRICT, 0.0)
        if kind == 1:
            return np.where(self._category == (theme + month) % self.world.categories, STRICT, 0.0)
        if kind == 2:
            return np.where(self.reduced(day), STRICT, 0.0)
        brand = np.where(self._brand == (theme + month // 3) % self.world.brands, STRICT, 0.0)
        return brand - np.where(owned > 0, 2 * STRICT, 0.0)

    def click(self, shopper: int, day: float, owned: Double) -> Double:
        """Return (items,) the chance of a click on each item once it is seen."""
        world = self.world
        wish = world.persuasion * world.basket * self.want(shopper, day, owned)
        return np.where(self.on_shelf(day), world.whim + (1 - world.whim) * (1 - np.exp(-wish)), 0.0)


def _share(log: Double) -> Double:
    weight = np.exp(log - log.max())
    share: Double = weight / weight.sum()
    return share
