"""What `load_shop` did."""

from __future__ import annotations

from django.db import models


class DataLoad(models.Model):
    """One row, written in the transaction that loaded the data set: it stands if and only if the data does."""

    loaded_at = models.DateTimeField()
    last_order_at = models.DateTimeField(help_text="When the last loaded order was placed, as moved.")
    weeks = models.IntegerField(help_text="Whole weeks by which all dates were moved.")
    counts = models.JSONField()

    class Meta:
        verbose_name = "data load"

    def __str__(self) -> str:
        return f"loaded {self.loaded_at:%Y-%m-%d}, moved by {self.weeks} weeks"
