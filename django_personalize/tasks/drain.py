"""Draining by a worker, where no thread of the web processes shall. It trains nothing."""

from __future__ import annotations

from celery import shared_task

from django_personalize.events import background


@shared_task(name="personalize.drain", ignore_result=True)
def drain() -> None:
    """Store what waits on this host, and do what is due now and then."""
    background.once()
