from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.urls import reverse


class Product(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120)
    brand = models.CharField(max_length=60, blank=True)
    material = models.CharField(max_length=60, blank=True)
    published = models.BooleanField(default=True)
    added = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("uuid_variants:product", kwargs={"pk": self.pk})


class Variant(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    size = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    compare_at = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    stock = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return f"{self.product}, {self.size}"


class Order(models.Model):
    STATUS = [("new", "New"), ("sent", "Sent"), ("cancelled", "Cancelled")]

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    email = models.EmailField()
    status = models.CharField(max_length=10, choices=STATUS, default="new")
    placed = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="order_lines")
    qty = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=9, decimal_places=2)
    returned_qty = models.PositiveIntegerField(default=0)
    returned_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.qty} of {self.variant}"


class Payment(models.Model):
    """An order may see several: tried, failed, tried again."""

    STATUS = [("P", "Pending"), ("F", "Failed"), ("C", "Completed")]

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payments")
    status = models.CharField(max_length=1, choices=STATUS, default="P")
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    made = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.amount} {self.get_status_display()}"
