from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    VISITOR = "visitor"
    USER = "user"
    ORDER = "order"
    ITEM = "item"
    """One person's dealings with one item."""


class Forgotten(models.Model):
    """Fact. A keyed hash of what was erased, so that no sync, drain or training brings it back; readable by nobody."""

    Kind = Kind

    kind = models.CharField(max_length=8, choices=Kind.choices)
    digest = models.CharField(max_length=64)
    forgotten_at = models.DateTimeField()
    """Nothing about it from before this moment comes back."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "digest"], name="personalize_forgotten_once")]
        verbose_name_plural = "forgotten"

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"
