from __future__ import annotations

from django.db import models
from django.urls import reverse


class Article(models.Model):
    pk = models.CompositePrimaryKey("supplier", "number")
    supplier = models.CharField(max_length=20)
    number = models.IntegerField()
    label = models.CharField(max_length=80)
    price = models.CharField(max_length=20)
    blocked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("composite:article", kwargs={"supplier": self.supplier, "number": self.number})


class Order(models.Model):
    customer = models.CharField(max_length=80)
    date = models.DateField()
    state = models.CharField(max_length=1, choices=[("O", "Open"), ("F", "Final"), ("S", "Scrapped")], default="O")

    def __str__(self) -> str:
        return f"{self.customer} {self.date}"


class OrderPosition(models.Model):
    """Keeps the article's two columns, which the system empties when the article is deleted."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="positions")
    supplier = models.CharField(max_length=20, null=True)
    number = models.IntegerField(null=True)
    pieces = models.IntegerField()
    price = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.pieces} of {self.supplier} {self.number}"
