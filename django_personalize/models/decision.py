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
    holdout = models.BooleanField(null=True, blank=True)
    """True for somebody held out, False for somebody who was drawn and treated, empty where nobody was drawn."""
    consent = models.JSONField(default=list)
    surface = models.CharField(max_length=16, default="page", db_default="page")
    """Where it appeared."""
    page = models.CharField(max_length=64, blank=True, default="", db_default="")
    """The name of the shop's URL pattern that was shown; never an address."""
    scope = models.CharField(max_length=32, blank=True, default="", db_default="")
    device = models.CharField(max_length=8, blank=True, default="", db_default="")
    language = models.CharField(max_length=16, blank=True, default="", db_default="")
    wanted = models.PositiveIntegerField(null=True, blank=True)
    """How many items were asked for; of a composed placement, in its first row."""
    candidates = models.PositiveIntegerField(null=True, blank=True)
    """How many different items there were to choose from, before the shop said what can be sold."""
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    """How long the choice took, the shop's own queries included; drawing not."""
    slots = models.JSONField(default=list)
    """One object per slot: slot, item_key, source, score, propensity, reason, anchor, block. A propensity is below 1
    exactly where chance had a say.
    """

    class Meta:
        indexes = [models.Index(fields=["placement", "decided_at"], name="personalize_decision_place")]

    def __str__(self) -> str:
        return f"{self.placement} {self.decided_at:%Y-%m-%d %H:%M}"
