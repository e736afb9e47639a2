from __future__ import annotations

from django.db import models


class DailyCount(models.Model):
    """Derived. How often something happened on a day, by people who let nothing be stored of them; about nobody."""

    day = models.DateField()
    kind = models.CharField(max_length=32)
    item_key = models.CharField(max_length=64, blank=True, default="")
    scope = models.CharField(max_length=32, blank=True, default="")
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "kind", "item_key", "scope"], name="personalize_daily_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.item_key}: {self.count}"
