from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    FULL = "full", _("full: everything is learnt")
    REFRESH = "refresh", _("refresh: popularity and neighbours")


class AskedBy(models.TextChoices):
    COMMAND = "command", _("a command")
    SCHEDULE = "schedule", _("the schedule")
    ADMIN = "admin", _("the admin")


class RunStatus(models.TextChoices):
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")
    DEAD = "dead", _("dead: its process was killed")


class TrainingRun(models.Model):
    """Derived. One training, from the moment at which somebody asked for it: how far it is, how it ended, what it cost.

    At most one row is running: that row is the lease by which one process of all hosts trains. Its process says at
    short intervals that it lives; see `training.lease`.
    """

    Kind = Kind
    AskedBy = AskedBy
    Status = RunStatus

    kind = models.CharField(max_length=16, choices=Kind.choices)
    asked_by = models.CharField(max_length=16, choices=AskedBy.choices)
    task_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    """The Celery message that asked for it: the same message delivered twice trains once."""
    status = models.CharField(max_length=16, choices=RunStatus.choices, default=RunStatus.RUNNING)
    stage = models.CharField(max_length=16, blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    """How far the stage is: `done` of `total`."""
    host = models.CharField(max_length=128)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    """When its process last said that it lives."""
    ended_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0.0)
    cpu_seconds = models.FloatField(default=0.0)
    """Of the process and of those that it started."""
    peak_bytes = models.BigIntegerField(default=0)
    """The most memory that the process ever held, plus the most that the largest of those it started held."""
    as_of = models.DateTimeField()
    """Nothing later than this moment is learnt from."""
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    """sha256 of the rows that were read: equal data, equal fingerprint."""
    counts = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    log = models.JSONField(default=list, blank=True)
    """The stages that it came through: [stage, seconds after the start], in order."""
    version = models.ForeignKey(
        "personalize.ModelVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    """What it made."""
    why = models.TextField(blank=True, default="")
    """Why it made nothing, in words; empty where it made a version."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="running"), name="personalize_one_training"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk} ({self.status})"
