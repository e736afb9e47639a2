"""What keeps our orders true while nobody looks. It trains nothing, so that any process may import and enqueue it."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from django_personalize.capture import stock
from django_personalize.capture.orders import reconcile
from django_personalize.core import clock


@shared_task(name="personalize.sync", ignore_result=False)
def sync(days: float | None = 2.0) -> dict[str, int]:
    """Bring what we have of the orders of the last `days` in line with the shop; with None, of all orders.

    Also notes what is sold out, and what is no longer.
    """
    report = reconcile(since=None if days is None else clock.now() - timedelta(days=days))
    stock.look(clock.now())
    return {
        "orders": report.orders,
        "lines": report.lines,
        "written": report.written,
        "removed": report.removed,
        "problems": report.tally.counts.total(),
    }
