"""Small shops for tests of learning: orders written as one would say them, and a shop with two tastes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Factors
from django_personalize.training import browsing, catalogue, dataset, evaluate
from django_personalize.training.browsing import Browsing
from django_personalize.training.dataset import Gathering, Orders
from django_personalize.training.learn import learn, with_factors

NOW = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


def orders(
    *baskets: tuple[float, str, str], back: Iterable[tuple[float, int, str, int]] = (), as_of: float = NOW
) -> Orders:
    """Build orders of (age in days, person or "", items by letter); `back` is (age, order number, item, quantity).

    A letter that is written twice was bought twice. Order numbers count from 0; prices are 1, 2, 3 … by letter.
    """
    gathering = Gathering()
    for number, (age, person, items) in enumerate(baskets):
        for item in items:
            gathering.bought(f"order-{number:05}", item, 1, float(ord(item.lower()) - 96), as_of - age * DAY, person)
    for age, number, item, quantity in back:
        gathering.returned(f"order-{number:05}", item, quantity, as_of - age * DAY)
    return gathering.finish(as_of)


def arrays(source: Orders, factors: Factors | None = None, looked: Browsing | None = None) -> dict[str, NDArray[Any]]:
    purchases = dataset.net(source)
    learnt = learn(purchases, catalogue.nothing(), looked)
    return learnt if factors is None else with_factors(learnt, purchases, catalogue.nothing(), factors)


def model(
    source: Orders,
    *rungs: str,
    factors: Factors | None = None,
    fold: str = "mean",
    looked: Browsing | None = None,
) -> Model:
    learnt = arrays(source, factors, looked)
    return evaluate.in_memory(learnt, source.as_of, rungs or ("popular", "neighbours"), fold)


def two_tastes(*, people: int = 160, weeks: int = 26, seed: int = 0) -> Orders:
    """A shop in which even people buy capitals and odd people small letters, every few weeks, each their favourites."""
    chance = np.random.default_rng(seed)
    baskets = []
    for person in range(people):
        letters = "ABCDEFGHIJKL" if person % 2 == 0 else "abcdefghijkl"
        favourites = chance.permutation(12)[:5]
        for week in range(person % 3, weeks, 3):
            usual = chance.permutation(favourites)[:2]
            other = chance.integers(0, 12, size=1)
            chosen = sorted({int(place) for place in (*usual, *other)})
            age = (weeks - week) * 7.0 - float(chance.uniform(0.5, 6.5))
            baskets.append((age, f"person-{person:03}", "".join(letters[place] for place in chosen)))
    return orders(*baskets)


def looks(*walks: tuple[float, str, str], as_of: float = NOW) -> Browsing:
    """Build browsing of (age in days, person, items by letter), a minute between one look and the next."""
    gathering = browsing.Gathering()
    people: dict[str, UUID] = {}
    rows = [
        (as_of - age * DAY + 60.0 * place, person, item)
        for age, person, items in walks
        for place, item in enumerate(items)
    ]
    for time, person, item in sorted(rows, key=lambda row: -row[0]):
        gathering.looked(people.setdefault(person, uuid4()), item, time, person)
    return gathering.finish(as_of)
