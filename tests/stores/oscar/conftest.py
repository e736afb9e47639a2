"""The filled and trained store, once per run. Without its settings nothing in this folder is collected.

`.ci/oscar.sh` says how it is run. What oscar's own code is warned about is not ours to mend, and much of it is told
while Django loads: so deprecations are ignored there, and made errors again here where they are told to us.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

SETTINGS = "tests.stores.oscar.settings"
FOLDER = Path(__file__).parent
HERE = settings.SETTINGS_MODULE == SETTINGS
collect_ignore_glob = [] if HERE else ["*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is about the store's rows; a browser's are those of a store that runs by itself.

    It comes last: Django refuses a database to the thread that playwright keeps an event loop in.
    """
    told = [r"error:::django_personalize\.", "ignore:Whoosh does not handle query faceting"]
    for item in items:
        if FOLDER in item.path.parents:
            for each in told:
                item.add_marker(pytest.mark.filterwarnings(each))
            if item.get_closest_marker("browser") is None:
                item.add_marker(pytest.mark.django_db)
    if HERE:
        items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The store's database as it is on the day after the set-up; what a test does to it is undone."""
    from django.core.management import call_command

    from django_personalize.capture.orders import reconcile
    from django_personalize.integrations.cookie_consent import create_groups
    from django_personalize.training.run import train
    from tests.stores.oscar.fill import fill

    with django_db_blocker.unblock():
        fill(pictures=False)
        call_command("rebuild_index", interactive=False, verbosity=0)
        create_groups()
        reconcile()
        train()


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """The tables are made at once, in a fifth of the time; the browser's store is made by `migrate`."""
    return False


@pytest.fixture
def product() -> Iterator[Any]:
    """A product by its code: `product("Pots-0")`."""
    from oscar.core.loading import get_model

    return lambda upc: get_model("catalogue", "Product").objects.get(upc=upc)
