"""What every test gets: caches that forget, an empty memory shop, and no model from another test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from django_personalize.core.types import ConsentState, Item, Line, Purpose
from django_personalize.testing.doubles import MemoryShop, StaticConsent
from django_personalize.testing.frozen import MOMENT, FrozenClock

pytest_plugins = ["django_personalize.testing.plugin"]
NOON = MOMENT
REQUIRED = set(os.environ.get("PERSONALIZE_REQUIRE", "").split(",")) - {""}
"""Servers that must be there: their absence is then a failure, not a skip."""


def need(name: str, there: bool, how: str) -> None:
    """Skip the test where a server is not there, or fail it where it has to be."""
    if not there and name in REQUIRED:
        pytest.fail(f"{name} is required here and missing: {how}")
    if not there:
        pytest.skip(f"{name} is not there: {how}")


@contextmanager
def undone() -> Iterator[None]:
    """Undo every row in the end, for a module's fixtures; what wants no transaction around it works, as in TestCase."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def frozen(frozen_clock: FrozenClock) -> Callable[[timedelta], None]:
    """The clock stands at noon; call the fixture's value to move it on."""
    return frozen_clock.move


@pytest.fixture
def memory_shop(settings: Any) -> Iterator[type[MemoryShop]]:
    """A shop of four items, one of them sold out, without orders."""
    stock = {
        key: Item(
            key=key,
            title=title,
            url=f"/products/{key}/",
            price=Decimal("2.50"),
            currency="GBP",
            category=category,
            created=NOON - timedelta(days=int(key)),
        )
        for key, title, category in (
            ("1", "Lantern", "Light"),
            ("2", "Candle", "Light"),
            ("3", "Mug", "Kitchen"),
            ("4", "Teapot", "Kitchen"),
        )
    }
    MemoryShop.stock, MemoryShop.sold_out, MemoryShop.orders = stock, {"4"}, []
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": "django_personalize.testing.doubles.MemoryShop"}
    yield MemoryShop
    MemoryShop.stock, MemoryShop.sold_out, MemoryShop.orders = {}, set(), []
    MemoryShop.variants, MemoryShop.basket, MemoryShop.basket_of, MemoryShop.channel = {}, None, "browser", ""


@pytest.fixture
def answers(settings: Any) -> Iterator[Callable[..., None]]:
    """Every browser answers alike: `answers(personalization="granted")`; purposes not named are unknown."""
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CONSENT": "django_personalize.testing.doubles.StaticConsent"}
    StaticConsent.answers = {}

    def give(**states: str) -> None:
        StaticConsent.answers = {Purpose(name): ConsentState(state) for name, state in states.items()}

    yield give
    StaticConsent.answers = {}


def line(key: str, order: str, item: str, **changes: Any) -> Line:
    """An order line placed at noon."""
    values: dict[str, Any] = {
        "key": key,
        "order_key": order,
        "item_key": item,
        "quantity": 1,
        "cancelled_quantity": 0,
        "cancelled_at": None,
        "placed_at": NOON - timedelta(days=1),
        "price": Decimal("2.50"),
        "currency": "GBP",
    }
    return Line(**(values | changes))
