from __future__ import annotations

import uuid

from django.db import models


class Decision(models.Model):
    """Fact, append-only. What one placement chose for one visitor in one render, and why.

    Written only for visitors who grant `analytics` or `personalization`; goes with the visitor when they withdraw.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.ForeignKey("personalize.Visitor", on_delete=models.CASCADE, related_name="decisions")
    placement = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    pipeline = models.CharField(max_length=64)
    rung = models.CharField(max_length=32)
    model_version = models.BigIntegerField(null=True, blank=True)
    """The id of the `ModelVersion`; empty where no model had a say. No constraint, so that versions may be purged."""
    context = models.JSONField(default=list)
    rules = models.JSONField(default=list)
    experiment = models.CharField(max_length=64, blank=True, default="")
    variant = models.CharField(max_length=64, blank=True, default="")
    consent = models.JSONField(default=list)
    slots = models.JSONField(default=list)
    """One object per slot: slot, item_key, source, score, propensity, reason, anchor, block."""

    class Meta:
        indexes = [models.Index(fields=["placement", "decided_at"], name="personalize_decision_place")]

    def __str__(self) -> str:
        return f"{self.placement} {self.decided_at:%Y-%m-%d %H:%M}"
