from __future__ import annotations

from django.db import models


class Impression(models.Model):
    """Fact, append-only. One item seen in one slot: GA4's `view_item_list` item, stored here and nowhere else.

    The decision may arrive after its impressions where facts travel by several spools, hence no database constraint.
    """

    decision = models.ForeignKey(
        "personalize.Decision", on_delete=models.CASCADE, related_name="impressions", db_constraint=False
    )
    slot = models.PositiveSmallIntegerField()
    item_key = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["decision", "slot"], name="personalize_impression_once")]

    def __str__(self) -> str:
        return f"{self.item_key} in slot {self.slot}"
