"""What a worker learns on its own. Imported by Celery workers through `apps`, never by a web process."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from django_personalize.capture.orders import reconcile
from django_personalize.models.training_run import AskedBy, Kind
from django_personalize.tasks.once import POLICY, once
from django_personalize.training.run import train as run


@shared_task(name="personalize.train", **POLICY)
def train(task: Any, asked_by: str = AskedBy.SCHEDULE) -> int | None:
    """Read the shop's orders again, learn, and publish; return the new version's id.

    None where another process is training already, where there is nothing to learn from, and where this night's
    training has been done.
    """

    def learn(task_id: str) -> int:
        reconcile()
        return run(asked_by=asked_by, task_id=task_id).pk

    return once(task, Kind.FULL, asked_by, learn)
