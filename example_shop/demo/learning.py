"""How well this shop can be learnt from, measured on its own orders at full and at no consent.

Only here are customers joined to their orders without having been asked: a shop may do that with its own rows in order to
measure, in memory. The model that serves is trained elsewhere, on what consent allows, and never sees it.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from django_personalize.conf import settings
from django_personalize.training import catalogue
from django_personalize.training.dataset import Gathering, Orders
from django_personalize.training.evaluate import Report, report

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"


def orders() -> Orders:
    """Read the shop's own order lines through the mapping, each with its buyer."""
    gathering = Gathering()
    returned = []
    latest = 0.0
    for line in settings.shop.lines():
        at = line.placed_at.timestamp()
        latest = max(latest, at)
        price = None if line.price is None else float(line.price)
        gathering.bought(line.order_key, line.item_key, line.quantity, price, at, line.user_key)
        if line.cancelled_quantity:
            back_at = (line.cancelled_at or line.placed_at).timestamp()
            returned.append((line.order_key, line.item_key, line.cancelled_quantity, back_at))
    for order_key, item_key, quantity, back_at in returned:
        gathering.returned(order_key, item_key, quantity, back_at)
    return gathering.finish(max(latest, datetime.now(UTC).timestamp()))


def measure() -> Report:
    """Hold out the last 30 days and measure every model on them."""
    return report(orders(), seed=settings.SEED, threads=settings.THREADS, catalogue=catalogue.load())


class Measuring:
    """`measure` in a process beside this one: it needs the shop's tables only, so it runs while the orders are read."""

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
        """Wait for the table; what went wrong instead, where something did."""
        out, error = self.process.communicate()
        return out.strip() if self.process.returncode == 0 else f"The measurement failed: {error.strip()[-2000:]}"
