from __future__ import annotations

from django.db import models


class FeedItem(models.Model):
    """Fact. A product of a shop that runs elsewhere, as its feed last told it."""

    key = models.CharField(max_length=64, primary_key=True)
    group = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="variants")
    """The product that this is a variant of; empty for a product of its own."""
    from_variants = models.BooleanField(default=False)
    """Whether the feed named variants of this product only, so that it is put together from them."""
    title = models.CharField(max_length=300)
    link = models.CharField(max_length=2000)
    image_link = models.CharField(max_length=2000, blank=True, default="")
    price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    """What it costs now."""
    list_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    category = models.CharField(max_length=300, blank=True, default="")
    brand = models.CharField(max_length=200, blank=True, default="")
    in_stock = models.BooleanField(default=True)
    listed = models.BooleanField(default=True)
    """False once it was taken out, or a whole feed no longer named it."""
    created = models.DateTimeField()
    updated = models.DateTimeField(null=True, blank=True)
    """When the shop last changed it, where it says so: what is older than that and comes late is left out."""
    feed = models.CharField(max_length=64, blank=True, default="")
    """The last whole feed that named it."""
    feed_began = models.DateTimeField(null=True, blank=True)
    """When that feed named it first; a part that is sent again does not change it."""
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title


class FeedLine(models.Model):
    """Fact. One order line of a shop that runs elsewhere, as it last told it."""

    order_key = models.CharField(max_length=64)
    line_key = models.CharField(max_length=64)
    item_key = models.CharField(max_length=64)
    """No foreign key: an order may come before its product, and outlive it."""
    quantity = models.PositiveIntegerField()
    cancelled_quantity = models.PositiveIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    placed_at = models.DateTimeField()
    placed = models.BooleanField(default=True)
    price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    list_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    user_key = models.CharField(max_length=64, blank=True, default="")
    """The buyer's account, only while a browser of theirs grants `personalization`: without a yes no key may join one
    order to another.
    """
    updated = models.DateTimeField(null=True, blank=True)
    """When the shop last changed the order, where it says so."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_key", "line_key"], name="personalize_feed_line_once")]
        indexes = [models.Index(fields=["user_key"], name="personalize_feed_user", condition=~models.Q(user_key=""))]

    def __str__(self) -> str:
        return f"{self.order_key}/{self.line_key}"
