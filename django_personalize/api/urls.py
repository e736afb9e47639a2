"""Version 1 of what another process may post; below `personalize/api/v1/`."""

from __future__ import annotations

from typing import Any

from django.db.transaction import non_atomic_requests
from django.urls import path

from django_personalize.api import views


def _door(view: type[views.Door]) -> Any:
    """Acknowledge nothing before it is committed, whatever `ATOMIC_REQUESTS` says."""
    return non_atomic_requests(view.as_view())


urlpatterns = [
    path("products/", _door(views.Products), name="api-products"),
    path("products/<path:key>/", _door(views.OneProduct), name="api-product"),
    path("feeds/", _door(views.Feeds), name="api-feeds"),
    path("orders/", _door(views.Orders), name="api-orders"),
    path("events/", _door(views.Events), name="api-events"),
    path("status/", _door(views.Status), name="api-status"),
    path("", _door(views.NoSuchAddress)),
    path("<path:rest>", _door(views.NoSuchAddress)),
]
