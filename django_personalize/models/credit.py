from __future__ import annotations

from django.db import models


class Credit(models.Model):
    """Derived. The share of one bought line that one slot of one decision has earned by a click; made anew at any time.

    The shares of a line add up to exactly 1, or it has none. Both ends may be deleted while it is written, hence no
    database constraints; what is left without one of its ends goes with the next run.
    """

    purchase = models.ForeignKey(
        "personalize.Event", on_delete=models.CASCADE, related_name="credits", db_constraint=False, db_index=False
    )
    decision = models.ForeignKey(
        "personalize.Decision", on_delete=models.CASCADE, related_name="credits", db_constraint=False
    )
    slot = models.PositiveSmallIntegerField()
    placement = models.CharField(max_length=64)
    clicked_at = models.DateTimeField()
    bought_at = models.DateTimeField()
    share = models.DecimalField(max_digits=7, decimal_places=6)
    currency = models.CharField(max_length=3, blank=True, default="")
    amount = models.DecimalField(max_digits=28, decimal_places=4, null=True, blank=True)
    """The share of what was paid for what was kept; empty where the shop says no price."""
    refunded = models.DecimalField(max_digits=28, decimal_places=4, null=True, blank=True)
    """The share of what was paid for what came back."""
    credited_at = models.DateTimeField()
    """When this was last written."""

    class Meta:
        default_permissions = ()
        permissions = [("view_revenue", "Can view the revenue of each placement")]
        verbose_name = "revenue of placements"
        verbose_name_plural = "revenue of placements"
        constraints = [
            models.UniqueConstraint(fields=["purchase", "decision", "slot"], name="personalize_credit_once"),
            models.CheckConstraint(
                condition=models.Q(share__gt=0) & models.Q(share__lte=1), name="personalize_credit_share"
            ),
        ]
        indexes = [models.Index(fields=["bought_at"], name="personalize_credit_bought")]

    def __str__(self) -> str:
        return f"{self.share} of {self.purchase_id} to {self.placement}"
