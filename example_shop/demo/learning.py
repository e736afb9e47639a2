"""How well this shop's orders foretell themselves, measured at full and at no consent.

Only here are customers joined to their orders without having been asked: from the published data set, in memory, to
measure. The model that serves is trained elsewhere, on what consent allows, and never sees it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from django_personalize.conf import settings
from django_personalize.training.catalogue import Catalogue
from django_personalize.training.dataset import Gathering, Orders
from django_personalize.training.report import Report, report
from example_shop.data.assortment import category_of, collection_of
from example_shop.data.cleaning import CleanShop, clean
from example_shop.data.raw import read

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"


def orders_of(shop: CleanShop, *, weeks: int = 0) -> Orders:
    """Return the shop's order lines, each with its buyer, `weeks` later than they were; clock times count as UTC."""
    later = weeks * 7 * 86_400.0
    placed = [float(order.placed.astype("datetime64[s]").astype(np.int64)) + later for order in shop.orders]
    back = (shop.returned_at.astype("datetime64[s]").astype(np.int64).astype(np.float64) + later).tolist()
    gathering = Gathering()
    lines = list(
        zip(shop.order.tolist(), shop.product.tolist(), shop.quantity.tolist(), shop.pence.tolist(), strict=True)
    )
    for order, product, quantity, pence in lines:
        invoice = shop.orders[order]
        gathering.bought(
            invoice.number, shop.products[product].code, quantity, pence / 100, placed[order], invoice.customer
        )
    for row in np.flatnonzero(shop.returned).tolist():
        order, product, *_ = lines[row]
        gathering.returned(shop.orders[order].number, shop.products[product].code, int(shop.returned[row]), back[row])
    return gathering.finish(max(placed) + 86_400.0)


def catalogue_of(shop: CleanShop, *, weeks: int = 0) -> Catalogue:
    """Return what the shop says of its products."""
    later = weeks * 7 * 86_400.0
    return Catalogue(
        category={product.code: category_of(product.name) for product in shop.products},
        brand={product.code: collection_of(product.name) or "" for product in shop.products},
        created={
            product.code: float(product.sold.astype("datetime64[s]").astype(np.int64)) + later
            for product in shop.products
        },
        title={product.code: product.name for product in shop.products},
    )


def measure() -> Report:
    """Hold out the last 30 days and measure every model on them."""
    shop = clean(read())
    return report(orders_of(shop), seeds=[settings.SEED], threads=settings.THREADS, catalogue=catalogue_of(shop))


class MeasurementFailed(Exception):
    """The measuring process ended without a table."""


class Measuring:
    """`measure` in a process beside this one: it needs no tables, so it runs while these are filled."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(MANAGE), "measure"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Measuring:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.communicate()

    def table(self) -> str:
        """Wait for the table; `MeasurementFailed` with what the process said where there is none."""
        out, error = self.process.communicate()
        if self.process.returncode != 0 or not out.strip():
            raise MeasurementFailed(f"The measurement failed: {error.strip()[-2000:] or 'it said nothing'}")
        return out.strip()
