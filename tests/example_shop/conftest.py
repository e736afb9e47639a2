"""A small shop to test with, and the real data read and cleaned once."""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.sites import models as sites

from example_shop.data.cleaning import CleanShop, clean
from example_shop.data.raw import RawShop, read
from example_shop.shop.models import Category, Collection, Product

# Run afresh, since settings that build on it add to its very lists.
PLAIN = runpy.run_path(str(Path(__file__).parents[2] / "example_shop" / "plain.py"))
Row = tuple[str, str, str, int, str, float, str]


@pytest.fixture(autouse=True)
def _shop_alone(settings: Any) -> None:
    """The shop's pages without anything that the suite's settings add to them."""
    for name in ("ROOT_URLCONF", "MIDDLEWARE", "TEMPLATES"):
        setattr(settings, name, PLAIN[name])
    # The suite has sites, which the shop has not: a page that asks for the current one finds it without a query.
    sites.SITE_CACHE[settings.SITE_ID] = sites.Site(pk=settings.SITE_ID)


@pytest.fixture(scope="session")
def real_raw() -> RawShop:
    return read()


@pytest.fixture(scope="session")
def real_shop(real_raw: RawShop) -> CleanShop:
    return clean(real_raw)


def raw_shop(rows: Iterable[Row], country: str = "United Kingdom") -> RawShop:
    """Rows as in the CSV: invoice, code, description, quantity, time, price, customer."""
    invoices: dict[tuple[str, str, str, str], int] = {}
    articles: dict[tuple[str, str], int] = {}
    lines = [
        (
            invoices.setdefault((invoice, time, customer, country), len(invoices)),
            articles.setdefault((code, description), len(articles)),
            quantity,
            round(price * 1000),
        )
        for invoice, code, description, quantity, time, price, customer in rows
    ]
    columns = np.array(lines, dtype=np.int32).T
    return RawShop(list(invoices), list(articles), *columns)


@pytest.fixture
def make_product(db: None) -> Any:
    """Make a product in a category of its own kind; keyword arguments override."""

    def make(name: str = "Red Retrospot Mug", **fields: Any) -> Product:
        category, _ = Category.objects.get_or_create(name="Tableware & Mugs", slug="tableware-and-mugs")
        fields = {
            "code": f"{20000 + Product.objects.count()}",
            "price": Decimal("2.50"),
            "stock": 10,
            "category": category,
            **fields,
        }
        return Product.objects.create(name=name, **fields)

    return make


@pytest.fixture
def shelf(make_product: Any) -> list[Product]:
    """Thirty products, some reduced, low, sold out or hidden, some of a collection."""
    retrospot = Collection.objects.create(name="Retrospot", slug="retrospot")
    return [
        make_product(
            f"Mug Number {number:02}",
            stock=0 if number == 3 else 2 if number == 4 else 20,
            is_visible=number != 5,
            was_price=Decimal("4.00") if number % 4 == 0 else None,
            collection=retrospot if number % 3 == 0 else None,
        )
        for number in range(30)
    ]
