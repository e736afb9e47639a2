from __future__ import annotations

import uuid

from django.db import models


class Event(models.Model):
    """Fact, append-only. Something that happened, named and spelt as GA4's e-commerce events.

    `purchase` and `refund` are one row per order line, kept for every order; they carry a visitor only while the buyer
    grants `personalization`, otherwise no key joins one basket to another. All other kinds exist only with consent.
    A refund's quantity is what came back so far; it follows the shop's tables, as the purchase does.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    """Of an order's line: when the shop last told something new of it, or took back what it had told."""
    visitor = models.ForeignKey(
        "personalize.Visitor",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="events",
        db_index=False,
    )
    item_key = models.CharField(max_length=64, blank=True, default="")
    """What is shown and learnt: the parent of a variant."""
    item_variant = models.CharField(max_length=64, blank=True, default="", db_default="")
    quantity = models.IntegerField(null=True, blank=True)
    price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    list_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    transaction_id = models.CharField(max_length=64, blank=True, default="")
    decision_id = models.UUIDField(null=True, blank=True)
    item_list_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    """The placement, where the event comes from one."""
    index = models.PositiveSmallIntegerField(null=True, blank=True)
    promotion_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    search_term = models.CharField(max_length=100, blank=True, default="", db_default="")
    results = models.PositiveIntegerField(null=True, blank=True)
    engagement_time_msec = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True, default="", db_default="")
    scope = models.CharField(max_length=32, blank=True, default="", db_default="")
    """The site or channel; empty where there is one only."""
    device = models.CharField(max_length=8, blank=True, default="", db_default="")
    referrer = models.CharField(max_length=16, blank=True, default="", db_default="")
    campaign = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["visitor", "-occurred_at"],
                name="personalize_event_visitor",
                condition=models.Q(visitor__isnull=False),
            ),
            models.Index(fields=["kind", "occurred_at"], name="personalize_event_kind"),
            models.Index(
                fields=["changed_at"],
                name="personalize_event_changed",
                condition=models.Q(changed_at__isnull=False),
            ),
            models.Index(
                fields=["received_at"],
                name="personalize_event_chosen",
                condition=models.Q(decision_id__isnull=False),
            ),
            models.Index(
                fields=["transaction_id"], name="personalize_event_order", condition=~models.Q(transaction_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_key} {self.occurred_at:%Y-%m-%d %H:%M}"
