"""What the shop says about its items now: the facts that place an item nobody has bought yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django_personalize.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The shop's items by key. Empty where there is no shop to ask: then every sold item counts as listed."""

    category: dict[str, str]
    brand: dict[str, str]
    created: dict[str, float]
    """Seconds since the epoch; absent where the shop does not say."""
    title: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.category)


def load() -> Catalogue:
    """Read the catalogue through the shop's adapter, in one query."""
    return of(settings.shop.facts())


def of(facts: Iterable[tuple[str, str, str, datetime | None, str]]) -> Catalogue:
    """Return the catalogue of (key, category, brand, created, title) rows."""
    category: dict[str, str] = {}
    brand: dict[str, str] = {}
    created: dict[str, float] = {}
    title: dict[str, str] = {}
    for key, category_name, brand_name, at, name in facts:
        category[key] = category_name or ""
        brand[key] = brand_name or ""
        if at is not None:
            created[key] = at.timestamp()
        if name:
            title[key] = name
    return Catalogue(category=category, brand=brand, created=created, title=title)


def nothing() -> Catalogue:
    return Catalogue(category={}, brand={}, created={})


def before(catalogue: Catalogue, cut: float) -> Catalogue:
    """Return the items that the shop had before `cut`; an item without a date counts as old."""
    kept = [key for key in catalogue.category if catalogue.created.get(key, cut - 1.0) < cut]
    return Catalogue(
        category={key: catalogue.category[key] for key in kept},
        brand={key: catalogue.brand[key] for key in kept},
        created={key: catalogue.created[key] for key in kept if key in catalogue.created},
        title={key: catalogue.title[key] for key in kept if key in catalogue.title},
    )
