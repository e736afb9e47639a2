from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sites.models import Site
from django.test import AsyncClient

from django_personalize.integrations.cookie_consent import create_groups
from tests.small_shops.opening import seed, settings_of


@pytest.fixture
def open_shop(settings: Any) -> Iterator[Callable[..., None]]:
    """Open one of the shops, filled, with the banner's purposes made."""

    def open_(name: str, **changes: Any) -> None:
        for setting, value in (settings_of(name) | changes).items():
            setattr(settings, setting, value)
        create_groups()
        seed(name)

    Site.objects.clear_cache()
    yield open_
    Site.objects.clear_cache()  # of the sites that go with this test


class AsgiClient:
    """The asynchronous test client, driven like the other: the same visit goes through the ASGI handler."""

    def __init__(self) -> None:
        self._client = AsyncClient()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        return async_to_sync(value) if name in {"get", "post", "delete", "head"} else value


def accept(client: Any) -> None:
    client.post("/cookies/accept/", {"all_groups": "true"})


def decline(client: Any) -> None:
    client.post("/cookies/decline/", {"all_groups": "true"})
