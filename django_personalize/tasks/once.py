"""How the tasks that train are delivered: as often as it takes, and done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

from django_personalize.core import clock
from django_personalize.exceptions import NotEnoughData, NothingNew, TrainingRunning
from django_personalize.models import TrainingRun
from django_personalize.models.training_run import AskedBy, Kind, RunStatus
from django_personalize.training import lease

POLICY: dict[str, Any] = {
    "bind": True,
    "ignore_result": False,
    "acks_late": True,
    "reject_on_worker_lost": True,
    "autoretry_for": (OperationalError, InterfaceError, BrokerError),
    "retry_backoff": 10,
    "retry_backoff_max": 600,
    "max_retries": 6,
}
"""A message is done with only when its training is, so that a killed worker's is delivered again. A database or broker
that is away is waited for: 10 s, 20 s, 40 s, … at random up to that, for about a quarter of an hour. Too little data,
or any mistake of ours, is not tried again: it would not get better by it.
"""
LOOKS = 200
"""How often a message whose training is under way elsewhere looks whether it is done: for ten hours."""
DEATHS = 3
"""Trainings of one message that may die: one that needs more memory than there is would kill its worker for ever."""
NIGHT = timedelta(hours=1)
"""A full training that the schedule asks for within this time of the last one is the same night's, told twice."""


def once(task: Any, kind: Kind, asked_by: str, work: Callable[[str], int]) -> int | None:
    """Return what `work` made of this message, called with its id, or None where there is nothing (more) to be done.

    Where this very message is being worked on, it is looked at again once that work is done, or has been found dead.
    """
    task_id = task.request.id or ""
    why = _done(kind, asked_by, task_id)
    if why:
        lease.skip(kind, asked_by, task_id, why)
        return None
    try:
        return work(task_id)
    except TrainingRunning:
        if task_id and TrainingRun.objects.filter(task_id=task_id, status=RunStatus.RUNNING).exists():
            raise task.retry(countdown=lease.LEASE.total_seconds(), max_retries=LOOKS) from None
        return None
    except (NotEnoughData, NothingNew):
        return None


def _done(kind: Kind, asked_by: str, task_id: str) -> str:
    """Return why this message wants no training, in words; '' where it does."""
    ours = TrainingRun.objects.filter(kind=kind)
    if task_id:
        done = ours.filter(task_id=task_id, status=RunStatus.DONE).first()
        if done is not None:
            return f"Run #{done.pk} has done what this message asks for: it was delivered twice."
        died = ours.filter(task_id=task_id, status=RunStatus.DEAD).count()
        if died >= DEATHS:
            return f"{died} trainings that this message asked for were killed; is there too little memory?"
    if kind == Kind.FULL and asked_by == AskedBy.SCHEDULE:
        done = ours.filter(status=RunStatus.DONE, asked_by=asked_by, started_at__gt=clock.now() - NIGHT).first()
        if done is not None:
            return f"Run #{done.pk} has trained within the hour: the schedule asked twice."
    return ""
