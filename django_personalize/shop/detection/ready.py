"""Shops that a ready adapter fits: named here by dotted path only, since adapters live above this floor."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from django_personalize.core.loading import load

READY = {
    "oscar": "django_personalize.integrations.oscar.OscarShop",
    "salesman.core": "django_personalize.integrations.salesman.SalesmanShop",
}
"""The adapter for each app that is a shop."""


def setting() -> dict[str, Any] | None:
    """Return the whole `PERSONALIZE` for a shop that an adapter fits; None for every other."""
    for app, path in READY.items():
        if apps.is_installed(app):
            return {"SHOP": path, **load(path).proposed()}
    return None
