from __future__ import annotations

from django.db import models


class StockOut(models.Model):
    """Derived. An item that could not be sold when the shop was last looked at, or can be again of late.

    About nobody.
    """

    item_key = models.CharField(max_length=64, unique=True)
    out_since = models.DateTimeField()
    """When it was first found gone."""
    back_at = models.DateTimeField(null=True, blank=True, db_index=True)
    """When it was first found there again; empty while it is gone."""

    def __str__(self) -> str:
        return f"{self.item_key} from {self.out_since:%Y-%m-%d}"
