"""What keeps the live model's sales of today. Imported by Celery workers through `apps`, never by a web process."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from django_personalize.models.training_run import AskedBy, Kind
from django_personalize.tasks.once import POLICY, once
from django_personalize.training.refresh import refresh as run


@shared_task(name="personalize.refresh", **POLICY)
def refresh(task: Any, asked_by: str = AskedBy.SCHEDULE) -> int | None:
    """Give the live model the popularity, item statistics and neighbours of now; return the new version's id.

    None where nothing has changed, where another process is training, and where no model is live yet.
    """
    return once(task, Kind.REFRESH, asked_by, lambda task_id: run(asked_by=asked_by, task_id=task_id).pk)
