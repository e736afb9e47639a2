"""What a world is made of: the numbers that somebody chose, before anything is drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from django_personalize.core.arrays import DAY

START = 1_735_689_600.0
"""Day 0 of every world, 2025-01-01 in UTC, in seconds since the epoch."""


class Choice(StrEnum):
    """How shoppers choose."""

    TASTES = "tastes"
    """By what each likes, what each pays, and what each bought before."""
    POPULARITY = "popularity"
    """Everybody alike: who somebody is tells nothing about what they take."""
    RULES = "rules"
    """By rules that no product of vectors can say: bundles, months, sales, and never the same twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A world's parameters. Days count from `START`; every chance is one per visit unless it says otherwise."""

    name: str
    choice: Choice
    days: float
    """How long it lasts."""

    items: int
    categories: int
    brands: int
    new_items: float
    """The share of items that come onto the shelf one by one after day 0."""
    novelty: float
    """What a new item's log-appeal gains on its first day; it falls with a 20-day half-life."""
    steepness: float
    """The standard deviation of the items' log-appeal: the popularity curve."""
    drift: float
    """How far each item's log-appeal swings, in its own rhythm of two to eight months."""
    season: float
    """How far each category's log-appeal swings within a year."""
    on_sale: float
    """The share of items that are reduced at any moment; each reduction lasts two weeks."""

    shoppers: int
    present: float
    """The share of shoppers who come from day 0 on; the others turn up one by one."""
    taste: float
    """The standard deviation of a shopper's log-preference over items."""
    taste_turns: float
    """Radians per year by which a shopper's taste turns away from what it was."""
    thrift: float
    """The mean price sensitivity: log-preference lost per doubling of the price."""
    habit: float
    """The mean share of a visit's wishes that goes to what the shopper bought before."""
    visits: float
    """The median shopper's visits per year."""
    visits_spread: float
    """The standard deviation of the logarithm of visits per year."""
    buying: float
    """The share of visits in which the shopper came to buy."""
    basket: float
    """The median of lines in such a visit."""
    basket_spread: float
    """The standard deviation of the logarithm of lines, half of its variance between shoppers."""
    churn: float
    """The chance that a visit is the last one."""
    returns: float
    """The chance that a line comes back, three to twenty days later."""
    consent: float
    """The share of shoppers who say yes to `personalization`."""
    bots: int
    """Visitors that look at dozens of items each time and never buy."""

    persuasion: float = 0.5
    """How strongly a wish for an item becomes a click on it once it is seen."""
    whim: float = 0.004
    """The chance of a click on anything that is seen, wanted or not."""
    fading: float = 0.7
    """Slot p is looked at with probability p^-fading."""

    @property
    def end(self) -> float:
        """The moment at which it ends, in seconds since the epoch."""
        return moment(self.days)


class Luck(IntEnum):
    """What is random, each kind by a stream of its own: more of one changes nothing of another."""

    ITEMS = 1
    SHOPPERS = 2
    ARRIVALS = 3
    VISIT = 4
    BOTS = 5
    POLICY = 6
    ROW = 7


def luck(seed: int, kind: Luck, number: int = 0) -> np.random.Generator:
    """Return the stream of `kind`, or of the `number`-th thing of that kind, under `seed`."""
    return np.random.default_rng([seed, int(kind), number])


def moment(day: float) -> float:
    """Return the seconds since the epoch at `day`."""
    return START + day * DAY


def day_of(at: float) -> float:
    """Return the day at `at` seconds since the epoch."""
    return (at - START) / DAY
