"""What was ordered."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _


def new_number() -> str:
    """A number that nobody guesses; it starts with a letter, as those of loaded orders never do."""
    return "W" + get_random_string(9, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ")


class OrderQuerySet(models.QuerySet["Order"]):
    def with_totals(self) -> OrderQuerySet:
        """Adds `pieces` and `amount`, so that a list needs no query per order."""
        return self.annotate(pieces=Sum("lines__quantity"), amount=Sum(F("lines__quantity") * F("lines__unit_price")))


class Order(models.Model):
    """An order of an account, or of a guest (no user, only an e-mail address)."""

    class Status(models.TextChoices):
        PLACED = "placed", _("Placed")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        CANCELLED = "cancelled", _("Cancelled")

    number = models.CharField(max_length=20, unique=True, default=new_number)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        db_index=False,
    )
    email = models.EmailField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED, db_index=True)
    placed_at = models.DateTimeField(default=timezone.now, db_index=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=60, default="United Kingdom")
    is_loaded = models.BooleanField(
        default=False, editable=False, help_text="Loaded from the data set, not placed in this shop."
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-placed_at", "-pk")
        indexes = [models.Index(fields=["user", "-placed_at"], name="shop_order_user_placed")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
                name="shop_order_cancelled_at_matches_status",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("shop:order", args=[self.number])

    @property
    def can_be_cancelled(self) -> bool:
        return self.status == self.Status.PLACED


class OrderLine(models.Model):
    """Products are hidden, never deleted, once they were sold, so a line needs no copy of the name."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey("shop.Product", models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=9, decimal_places=2)
    list_price = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="The struck-through price at the time, if there was one.",
    )
    returned_quantity = models.PositiveIntegerField(default=0)
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shop_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(returned_quantity__lte=F("quantity")), name="shop_line_returned_at_most_bought"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"

    def clean(self) -> None:
        if self.returned_quantity > self.quantity:
            raise ValidationError({"returned_quantity": _("More than was bought cannot come back.")})

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price
