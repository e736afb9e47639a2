"""What the shop sells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from example_shop.shop import pictures

INVENTED = "Invented for this demo; the data set knows none."


class Category(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Menus list low numbers first.")

    class Meta:
        ordering = ("position", "name")
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Collection(models.Model):
    """Products of one design, which shoppers look for as they would for a brand."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:collection", args=[self.slug])


class ProductQuerySet(models.QuerySet["Product"]):
    def visible(self) -> ProductQuerySet:
        return self.filter(is_visible=True)

    def in_stock(self) -> ProductQuerySet:
        return self.filter(stock__gt=0)

    def reduced(self) -> ProductQuerySet:
        return self.filter(was_price__gt=F("price"))

    def for_cards(self) -> ProductQuerySet:
        """With all that `shop/_card.html` shows."""
        return self.select_related("collection")


class Product(models.Model):
    """`price` is per piece and in pounds; `times_ordered` is kept by the checkout, for sorting."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    collection = models.ForeignKey(Collection, models.SET_NULL, null=True, blank=True, related_name="products")
    price = models.DecimalField(max_digits=9, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    was_price = models.DecimalField(
        "earlier price",
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=f"Shown struck through when higher than the price. {INVENTED}",
    )
    stock = models.PositiveIntegerField(default=0, help_text=f"Pieces that can be sold. {INVENTED}")
    is_visible = models.BooleanField("visible", default=True, help_text="Whether shoppers can see it.")
    created = models.DateTimeField(default=timezone.now, help_text="New arrivals are the latest by this.")
    times_ordered = models.PositiveIntegerField(default=0, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="shop_product_price_positive"),
        ]
        indexes = [
            models.Index(fields=["category", "-times_ordered"], name="shop_product_category_sales"),
            models.Index(fields=["-created"], name="shop_product_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or slugify(self.name) or self.code.lower()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.pk, self.slug])

    @property
    def picture_url(self) -> str:
        return f"{reverse('shop:picture', args=[self.code])}?v={pictures.version(self.code, self.name)}"

    @property
    def is_reduced(self) -> bool:
        return self.was_price is not None and self.was_price > self.price

    @property
    def percent_off(self) -> int:
        if self.was_price is None or not self.is_reduced:
            return 0
        return round((1 - self.price / self.was_price) * 100)

    @property
    def is_low(self) -> bool:
        return 0 < self.stock <= 5
