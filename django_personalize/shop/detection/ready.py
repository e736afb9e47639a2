"""Shops that a ready adapter fits: named here by dotted path only, since adapters live above this floor."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings

from django_personalize.shop.detection import products

OSCAR = "django_personalize.integrations.oscar.OscarShop"
SALESMAN = "django_personalize.integrations.salesman.SalesmanShop"


def setting() -> dict[str, Any] | None:
    """Return the whole `PERSONALIZE` for a shop that an adapter fits; None for every other."""
    if apps.is_installed("oscar") and _there(OSCAR):
        return {"SHOP": OSCAR}
    if apps.is_installed("salesman.core") and _there(SALESMAN):
        types = {label: group for label in _labels() if (group := _group(label))}
        return {"SHOP": SALESMAN} | ({"PRODUCT": {"types": types}} if types else {})
    return None


def _there(path: str) -> bool:
    return find_spec(path.rpartition(".")[0]) is not None


def _labels() -> list[str]:
    return sorted(getattr(settings, "SALESMAN_PRODUCT_TYPES", {}))


def _group(label: str) -> dict[str, str]:
    try:
        parent = products.parent_of(apps.get_model(label))
    except (LookupError, ValueError):
        return {}
    return {"group": parent.name} if parent is not None else {}
