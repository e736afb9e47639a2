from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse

CATEGORIES = (("S", "Shirt"), ("SW", "Sport wear"), ("OW", "Outwear"))


class Item(models.Model):
    title = models.CharField(max_length=100)
    price = models.FloatField()
    discount_price = models.FloatField(blank=True, null=True)
    category = models.CharField(choices=CATEGORIES, max_length=2)
    slug = models.SlugField()
    description = models.TextField()
    image = models.FileField(blank=True)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("order_is_cart:product", kwargs={"slug": self.slug})


class OrderItem(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    ordered = models.BooleanField(default=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    quantity = models.IntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.quantity} of {self.item.title}"

    def get_final_price(self) -> float:
        return self.quantity * (self.item.discount_price or self.item.price)


class Order(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    ref_code = models.CharField(max_length=20, blank=True, default="")
    items = models.ManyToManyField(OrderItem)
    start_date = models.DateTimeField(auto_now_add=True)
    ordered_date = models.DateTimeField()
    ordered = models.BooleanField(default=False)
    refund_requested = models.BooleanField(default=False)
    refund_granted = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.user}: {self.ref_code}"

    def get_total(self) -> float:
        return sum(line.get_final_price() for line in self.items.all())
