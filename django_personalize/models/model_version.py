from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    CANDIDATE = "candidate"
    LIVE = "live"
    RETIRED = "retired"


class ModelVersion(models.Model):
    """Derived. One published artefact: where its arrays lie, what they were learnt from, how they did.

    At most one row is live. Promotion and roll-back flip rows and nothing else.
    """

    Status = Status

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.CANDIDATE)
    directory = models.CharField(max_length=200, unique=True)
    """The artefact's directory below `ARTIFACTS`."""
    manifest_sha256 = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    """Nothing later than this moment was learnt from."""
    created_at = models.DateTimeField()
    promoted_at = models.DateTimeField(null=True, blank=True)
    fingerprint = models.CharField(max_length=64)
    """sha256 of the training rows: equal data, equal fingerprint."""
    counts = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    seconds = models.FloatField()
    verdict = models.TextField(blank=True, default="")
    """What the gate said, in words."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="live"), name="personalize_one_live_model"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk} ({self.status})"
