"""What a worker does on its own. Imported by Celery workers through `apps`, never by a web process."""

from __future__ import annotations

from celery import shared_task

from django_personalize.capture.orders import reconcile
from django_personalize.exceptions import NotEnoughData, TrainingRunning
from django_personalize.training.run import train as run


@shared_task(name="personalize.train", ignore_result=False)
def train() -> int | None:
    """Read the shop's orders again, learn, and publish; return the new version's id.

    None where another process is training already or where there is nothing to learn from.
    """
    reconcile()
    try:
        return run().pk
    except (TrainingRunning, NotEnoughData):
        return None
