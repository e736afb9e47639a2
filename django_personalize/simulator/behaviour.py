"""Shoppers who come, look, click, fill a basket, buy and send back; and what the shop writes down of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

import numpy as np

from django_personalize.core.arrays import DAY, Double
from django_personalize.events.vocabulary import (
    ADD_TO_CART,
    REMOVE_FROM_CART,
    SEARCH,
    SELECT_ITEM,
    USER_ENGAGEMENT,
    VIEW_ITEM,
    VIEW_ITEM_LIST,
)
from django_personalize.simulator.log import Back, Deed, Line, Log
from django_personalize.simulator.truth import Truth, Visit
from django_personalize.simulator.world import Luck, World, day_of, luck, moment

ADDS = 0.4
"""The chance that a click leads into the basket."""
REMOVES = 0.1
"""The chance that what lies in the basket is taken out again."""
IMPULSE = 0.6
"""The chance that a visit which only looked buys what went into its basket."""
LOOKS = 3
"""Items that a visit looks at without wanting them enough, on average."""
SEARCHES = 0.3
"""The chance that a visit which finds something searched for it."""
FADES = 120.0
"""Half-life in days of a purchase among what a habit goes back to."""
STEP = 10.0 / 86_400.0
"""Days between two deeds of one visit."""
CHECKOUT = 600.0
"""Seconds from the start of a visit to its order."""
BOT_LOOKS = (30, 120)
BOT_EVERY = 3.0
"""Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one page is worth by the truth: expectations, so that no luck is in them."""

    clicks: float
    purchases: float
    money: float


class Life:
    """One run of a world: the same visits under every policy, each with its own random numbers."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.log = Log(consenting={key for key, yes in zip(truth.shopper_keys, truth.consents, strict=True) if yes})
        self._owned: dict[int, Double] = {}
        self._bought_last: dict[int, float] = {}
        self._visits = iter(truth.visits)
        self._next: Visit | None = next(self._visits, None)
        self._pending: list[tuple[float, int, Back]] = []
        self._ticket = count()
        self._bots_day = 0.0
        self._place = {key: place for place, key in enumerate(truth.shelf.item_keys)}

    def fork(self) -> Life:
        """Return the same life up to here, to go on apart from this one."""
        other = Life(self._truth)
        other.log = self.log.copy()
        other._owned, other._bought_last = dict(self._owned), dict(self._bought_last)
        other._pending, other._ticket = list(self._pending), copy(self._ticket)
        other._visits, other._next, other._bots_day = copy(self._visits), self._next, self._bots_day
        return other

    def owned(self, shopper: int) -> Double:
        """Return how often they bought each item, a purchase fading with a half-life of 120 days."""
        found = self._owned.get(shopper)
        return np.zeros(self._truth.world.items) if found is None else found

    def until(self, day: float) -> Iterator[Visit]:
        """Yield the visits before `day` in time order, each before it happens."""
        while self._next is not None and self._next.at < day:
            visit, self._next = self._next, next(self._visits, None)
            self._come_back(visit.at)
            self._bots(visit.at)
            yield visit
        self._come_back(day)

    def expect(self, visit: Visit, shown: Sequence[str]) -> Outcome:
        """Return what the truth expects of a page at this visit."""
        truth = self._truth
        places = self.places(shown)
        seen = np.arange(1, len(places) + 1, dtype=np.float64) ** -truth.world.fading
        clicks = seen * truth.click(visit.shopper, visit.at, self.owned(visit.shopper))[places]
        purchases = clicks * ADDS * (1 - REMOVES) * (1.0 if visit.buying else IMPULSE)
        money = float(purchases @ truth.price(visit.at)[places])
        return Outcome(clicks=float(clicks.sum()), purchases=float(purchases.sum()), money=money)

    def places(self, shown: Sequence[str]) -> list[int]:
        return [self._place[key] for key in shown]

    def happen(self, visit: Visit, shown: Sequence[str] = ()) -> None:
        """Let `visit` take place with `shown` as its recommended row, and write down what the shop sees of it."""
        truth, world = self._truth, self._truth.world
        chance = luck(truth.seed, Luck.VISIT, visit.number)
        owned = self.owned(visit.shopper)
        # Of its own, so that what is shown does not change the luck of all that follows.
        basket = self._row(visit, shown, owned, luck(truth.seed, Luck.ROW, visit.number))
        wanted = np.log(np.maximum(truth.want(visit.shopper, visit.at, owned), 1e-300))
        noisy = wanted + chance.gumbel(size=world.items)
        noisy[~truth.on_shelf(visit.at)] = -np.inf
        looks = visit.lines + int(chance.poisson(LOOKS))
        found = np.argsort(-noisy, kind="stable")[:looks]
        self._browse(visit, found, chance)
        come_for = found[: visit.lines]
        impulse = [place for place in basket if visit.buying or chance.random() < IMPULSE]
        self._buy(visit, list(dict.fromkeys([*come_for.tolist(), *impulse])), chance)

    def _row(self, visit: Visit, shown: Sequence[str], owned: Double, chance: np.random.Generator) -> list[int]:
        """Look at the recommended row; return what of it went into the basket and stayed there."""
        truth = self._truth
        if not shown:
            return []
        places = self.places(shown)
        seen = chance.random(len(places)) < np.arange(1, len(places) + 1, dtype=np.float64) ** -truth.world.fading
        chances = truth.click(visit.shopper, visit.at, owned)[places]
        kept = []
        for slot, place in enumerate(places, start=1):
            clicks, adds, stays = chance.random(3).tolist()
            if not seen[slot - 1]:
                continue
            self._did(visit, VIEW_ITEM_LIST, place, slot=slot)
            if clicks >= chances[slot - 1]:
                continue
            self._did(visit, SELECT_ITEM, place, slot=slot)
            self._look(visit, place, chance)
            if adds < ADDS:
                self._did(visit, ADD_TO_CART, place, later=1)
                if stays < REMOVES:
                    self._did(visit, REMOVE_FROM_CART, place, later=2)
                else:
                    kept.append(place)
        return kept

    def _browse(self, visit: Visit, found: np.ndarray, chance: np.random.Generator) -> None:
        if len(found) and chance.random() < SEARCHES:
            self._did(visit, SEARCH, int(found[0]))
        for step, place in enumerate(found.tolist()):
            self._look(visit, place, chance, later=3 + step)
            if step < visit.lines:
                self._did(visit, ADD_TO_CART, place, later=4 + step)

    def _look(self, visit: Visit, place: int, chance: np.random.Generator, later: int = 0) -> None:
        self._did(visit, VIEW_ITEM, place, later=later)
        self._did(visit, USER_ENGAGEMENT, place, later=later, milliseconds=int(1000 * chance.lognormal(2.5, 0.8)))

    def _did(
        self, visit: Visit, kind: str, place: int, *, slot: int = 0, later: int = 0, milliseconds: int = 0
    ) -> None:
        """Write down one deed, `later` steps after the visit began; a search is for the category of what it finds."""
        truth = self._truth
        item = truth.shelf.item_keys[place]
        searched = kind == SEARCH
        self.log.did(
            Deed(
                kind=kind,
                shopper=truth.shopper_keys[visit.shopper],
                at=moment(visit.at + later * STEP),
                item="" if searched else item,
                slot=slot,
                term=truth.shelf.catalogue.category[item] if searched else "",
                milliseconds=milliseconds,
            )
        )

    def _buy(self, visit: Visit, places: list[int], chance: np.random.Generator) -> None:
        if not places:
            return
        truth, world = self._truth, self._truth.world
        order = f"order-{visit.number:06}"
        price, full = truth.price(visit.at), truth.list_price()
        pieces = chance.geometric(0.6, len(places)).tolist()
        at = moment(visit.at) + CHECKOUT
        self.log.bought(
            Line(
                order=order,
                shopper=truth.shopper_keys[visit.shopper],
                item=truth.shelf.item_keys[place],
                quantity=quantity,
                price=float(price[place]),
                list_price=float(full[place]),
                at=at,
            )
            for place, quantity in zip(places, pieces, strict=True)
        )
        for place, quantity in zip(places, pieces, strict=True):
            if chance.random() < world.returns:
                when = at + chance.uniform(3.0, 20.0) * DAY
                back = Back(order=order, item=truth.shelf.item_keys[place], quantity=quantity, at=when)
                heappush(self._pending, (when, next(self._ticket), back))
        passed = visit.at - self._bought_last.get(visit.shopper, visit.at)
        kept = self.owned(visit.shopper) * 2.0 ** (-passed / FADES)
        kept[places] += 1.0
        self._owned[visit.shopper], self._bought_last[visit.shopper] = kept, visit.at

    def _come_back(self, day: float) -> None:
        while self._pending and day_of(self._pending[0][0]) <= day:
            self.log.returned(heappop(self._pending)[2])

    def _bots(self, day: float) -> None:
        """Let bots walk the shelf on every third day; they are in the log as anybody is."""
        truth = self._truth
        while self._bots_day + BOT_EVERY <= day:
            self._bots_day += BOT_EVERY
            chance = luck(truth.seed, Luck.BOTS, int(self._bots_day))
            there = np.flatnonzero(truth.on_shelf(self._bots_day))
            for bot in range(truth.world.bots):
                key = f"visitor-{bot:05}"
                self.log.consenting.add(key)
                for place in chance.choice(there, min(int(chance.integers(*BOT_LOOKS)), len(there))).tolist():
                    self.log.did(
                        Deed(kind=VIEW_ITEM, shopper=key, at=moment(self._bots_day), item=truth.shelf.item_keys[place])
                    )


def live(world: World, *, seed: int) -> Log:
    """Return what the shop recorded in all of `world`'s days, with no recommended row anywhere."""
    life = Life(Truth(world, seed))
    for visit in life.until(world.days):
        life.happen(visit)
    return life.log
