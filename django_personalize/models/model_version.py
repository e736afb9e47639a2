from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    CANDIDATE = "candidate"
    SHADOW = "shadow"
    """Shown to nobody; each training measures it on what was bought since, beside the version that was live then."""
    LIVE = "live"
    RETIRED = "retired"


class ModelVersion(models.Model):
    """Derived. One published artefact: where its arrays lie, what they were learnt from, how they did.

    At most one row is live, and at most one is the shadow. Promotion and roll-back flip rows and nothing else.
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
    pinned = models.BooleanField(default=False)
    """Stays live until somebody says otherwise: what is learnt meanwhile becomes a candidate."""
    weights_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="refreshed")
    """The full training whose factors and ranker a refresh serves with; None for a full training."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="live"), name="personalize_one_live_model"
            ),
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="shadow"), name="personalize_one_shadow_model"
            ),
            models.CheckConstraint(
                condition=models.Q(pinned=False) | models.Q(status="live"), name="personalize_only_live_is_pinned"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk} ({self.status})"
