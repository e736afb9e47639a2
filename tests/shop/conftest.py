from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_personalize.shop.mapping import MappedShop


@pytest.fixture
def mapped(settings: Any) -> Callable[..., MappedShop]:
    """A shop that is described by nothing but what the test says."""

    def make(**given: Any) -> MappedShop:
        settings.PERSONALIZE = {"ARTIFACTS": settings.PERSONALIZE["ARTIFACTS"], **given}
        return MappedShop()

    return make
