from __future__ import annotations

from django.db import models


class Quarantined(models.Model):
    """Fact. An acknowledged fact that could not be stored: kept as it came, and replayable."""

    arrived_at = models.DateTimeField()
    sink = models.CharField(max_length=8)
    reason = models.CharField(max_length=64, db_index=True)
    detail = models.CharField(max_length=300, blank=True, default="")
    """What the database or the schema said; never a value."""
    payload = models.BinaryField()
    """The line as it lay in the spool, without its checksum."""
    facts = models.PositiveIntegerField(default=1)
    visitor_id = models.UUIDField(null=True, blank=True, db_index=True)
    """Whom it is about, where it could be read. No foreign key: it may be about nobody any more."""
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "quarantined"

    def __str__(self) -> str:
        return f"{self.reason} {self.arrived_at:%Y-%m-%d %H:%M}"
