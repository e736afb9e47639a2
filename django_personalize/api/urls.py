"""Version 1 of the API; below `personalize/api/v1/`."""

from __future__ import annotations

from typing import Any

from django.db.transaction import non_atomic_requests
from django.urls import path

from django_personalize.api import shoppers, views
from django_personalize.api.door import Door


def _door(view: type[Door]) -> Any:
    """Acknowledge nothing before it is committed, whatever `ATOMIC_REQUESTS` says."""
    return non_atomic_requests(view.as_view())


urlpatterns = [
    path("products/", _door(views.Products), name="api-products"),
    path("products/<path:key>/", _door(views.OneProduct), name="api-product"),
    path("feeds/", _door(views.Feeds), name="api-feeds"),
    path("orders/", _door(views.Orders), name="api-orders"),
    path("events/", _door(views.Events), name="api-events"),
    path("status/", _door(views.Status), name="api-status"),
    path("placements/", _door(shoppers.Placements), name="api-placements"),
    path("consent/", _door(shoppers.Consent), name="api-consent"),
    path("my-data/", _door(shoppers.MyData), name="api-my-data"),
    path("my-data/history/<path:key>/", _door(shoppers.MyHistory), name="api-my-history"),
    path("my-data/export/", _door(shoppers.MyExport), name="api-my-export"),
    path("why/<uuid:decision>/", _door(shoppers.Why), name="api-why"),
    path("openapi.json", _door(shoppers.Described), name="api-openapi"),
    path("", _door(views.NoSuchAddress)),
    path("<path:rest>", _door(views.NoSuchAddress)),
]
