"""This store has settings of its own: `python -m pytest --ds=tests.stores.salesman.settings tests/stores/salesman`."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings

OWN = "tests.stores.salesman.settings"
collect_ignore_glob = [] if django_settings.SETTINGS_MODULE == OWN else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's visit comes last: Django refuses a database to the thread that playwright keeps a loop in."""
    if django_settings.SETTINGS_MODULE == OWN:
        items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture
def store(db: None) -> None:
    """Goods, and a banner that can ask; no orders yet."""
    from django_personalize.integrations.cookie_consent import create_groups
    from tests.stores.salesman import fill

    fill.stock()
    create_groups()


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic requests"])
def atomic_requests(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request of the store is a transaction of its own, or none is."""
    from django.db import connections

    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", request.param)
