"""Two kinds of things to buy: a variant of a phone, where the phone has the page, and an accessory with a page."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.urls import reverse

MEMBERS_PAY = Decimal("0.90")


def price_for(request, price: Decimal) -> Decimal:
    """Members pay a tenth less, so what something costs depends on who asks."""
    return round(price * MEMBERS_PAY, 2) if request.user.is_authenticated else price


class Category(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Phone(models.Model):
    """What the variants of one phone share. Shown, but never put in a basket by itself."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    brand = models.CharField(max_length=50)
    category = models.ForeignKey(Category, models.PROTECT)
    base_price = models.DecimalField(max_digits=18, decimal_places=2)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField()

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("phone", kwargs={"slug": self.slug})


class PhoneVariant(models.Model):
    phone = models.ForeignKey(Phone, models.CASCADE, related_name="variants")
    color = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    stock = models.PositiveIntegerField(default=10)

    def __str__(self):
        return self.name

    @property
    def name(self):
        return f"{self.phone.name}, {self.color}"

    @property
    def code(self):
        return f"P{self.pk}"

    def get_price(self, request):
        return price_for(request, self.phone.base_price if self.price is None else self.price)


class Accessory(models.Model):
    name = models.CharField(max_length=100)
    code = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=18, decimal_places=2)
    category = models.ForeignKey(Category, models.PROTECT)
    image = models.URLField(blank=True)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField()

    class Meta:
        verbose_name_plural = "accessories"

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("accessory", kwargs={"pk": self.pk})

    def get_price(self, request):
        return price_for(request, self.price)
