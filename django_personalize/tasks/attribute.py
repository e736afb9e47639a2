"""What ties sales to the placements that led to them. It trains nothing, so that any process may enqueue it."""

from __future__ import annotations

from celery import shared_task

from django_personalize.attribution.attribute import attribute as run


@shared_task(name="personalize.attribute", ignore_result=False)
def attribute(rebuild: bool = False) -> dict[str, int]:
    """Credit what was bought or came back since the last run; say how many were looked at and what changed."""
    report = run(rebuild=rebuild)
    return {
        "orders": report.orders,
        "lines": report.lines,
        "credited": report.credited,
        "written": report.written,
        "removed": report.removed,
    }
