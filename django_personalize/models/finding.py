from __future__ import annotations

from django.db import models


class Finding(models.Model):
    """Derived. Something of the shop's that could not be read, counted per day and reason; about nobody."""

    day = models.DateField()
    reason = models.CharField(max_length=64)
    """One of `shop.problems.PROBLEMS`."""
    sample = models.CharField(max_length=200, blank=True, default="")
    """The latest place where it was found: a line's key, a setting; never what a person entered."""
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "reason"], name="personalize_finding_once")]
        ordering = ["-day", "reason"]

    def __str__(self) -> str:
        return f"{self.reason} {self.day}: {self.count}"
