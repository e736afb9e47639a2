from __future__ import annotations

from django.db import models


class OrderLink(models.Model):
    """Fact. The visitor in whose request an order came into being; goes with that yes to `personalization`.

    A payment that a provider reports later arrives in nobody's request: this row is how the buyer is found then.
    """

    order_key = models.CharField(max_length=64, primary_key=True)
    visitor = models.ForeignKey("personalize.Visitor", on_delete=models.CASCADE, related_name="order_links")
    linked_at = models.DateTimeField()
    cart_emptied = models.BooleanField(default=False)
    """Whether the cart has been emptied for this order: what leaves it later was taken out by the shopper."""

    def __str__(self) -> str:
        return self.order_key
