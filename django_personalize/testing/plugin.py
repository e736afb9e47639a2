"""The pytest plugin: what this package offers to a shop's tests, as fixtures. Found by pytest where it is installed.

Everything here is a function of the modules beside it, which a plain `TestCase` calls itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django_personalize.models import ModelVersion
    from django_personalize.testing.frozen import FrozenClock


@pytest.fixture(autouse=True)
def _personalize_starts_afresh() -> None:
    from django.apps import apps

    # Pytest loads this in any project, also in one that has no Django, or not this app.
    if apps.ready and apps.is_installed("django_personalize"):
        from django_personalize.testing.fresh import start_afresh

        start_afresh()


@pytest.fixture
def as_shopper(db: None) -> Callable[..., Any]:
    """`as_shopper(consent=…, viewed=…)`: a client; see `testing.shoppers.as_shopper`."""
    from django_personalize.testing import shoppers

    return shoppers.as_shopper


@pytest.fixture
def assert_placement() -> Callable[..., Any]:
    """`assert_placement(response, "slug")`; see `testing.placements.assert_placement`."""
    from django_personalize.testing import placements

    return placements.assert_placement


@pytest.fixture
def frozen_clock() -> Iterator[FrozenClock]:
    """The clock stands at noon of March 1st, 2026; `frozen_clock.move(timedelta(days=1))` moves it on."""
    from django_personalize.testing import frozen

    with frozen.frozen_clock() as clock:
        yield clock


@pytest.fixture
def frozen_model(db: None) -> Iterator[Callable[..., ModelVersion]]:
    """`frozen_model(baskets)` makes such a model live until the test ends; see `testing.frozen.frozen_model`."""
    from django_personalize.testing import frozen

    with ExitStack() as models:
        yield lambda baskets=None: models.enter_context(frozen.frozen_model(baskets))
