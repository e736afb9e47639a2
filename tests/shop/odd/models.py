from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import translation


class Odd(models.Model):
    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Gadget(Odd):
    """A UUID for a key, and a float for a price."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    name = models.CharField(max_length=40)
    price = models.FloatField(null=True)


class Poster(Odd):
    """A slug for a key, and whatever somebody typed for a price."""

    slug = models.SlugField(primary_key=True, max_length=100)
    price = models.CharField(max_length=20, blank=True)


class Tile(Odd):
    """Two columns for a key."""

    pk = models.CompositePrimaryKey("series", "number")
    series = models.CharField(max_length=20)
    number = models.IntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    is_visible = models.BooleanField(default=True)

    def get_absolute_url(self) -> str:
        return f"/tiles/{self.series}/{self.number}/"


class TileLine(Odd):
    pk = models.CompositePrimaryKey("order_number", "position")
    order_number = models.CharField(max_length=20)
    position = models.IntegerField()
    tile = models.CharField(max_length=60, null=True)
    date = models.DateField(null=True)


class Shirt(Odd):
    """What is shown; price, stock and size are its cuts'."""

    name = models.CharField(max_length=40)
    slug = models.SlugField(unique=True)
    site = models.IntegerField(null=True)

    def get_absolute_url(self) -> str:
        return f"/shirts/{self.slug}/"


class Cut(Odd):
    """A separate model of variants."""

    shirt = models.ForeignKey(Shirt, models.CASCADE, related_name="cuts")
    size = models.CharField(max_length=4)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    stock = models.IntegerField(default=0)


class LiveBoots(models.Manager["Boot"]):
    def get_queryset(self) -> models.QuerySet[Boot]:
        return super().get_queryset().filter(deleted=False)


class Boot(Odd):
    """Variants are rows of the same model; the manager hides what was deleted."""

    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    slug = models.SlugField()
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    stock = models.IntegerField(default=0)
    deleted = models.BooleanField(default=False)

    objects = LiveBoots()

    def get_absolute_url(self) -> str:
        return f"/boots/{self.slug}/"


class Label(Odd):
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ("name",)


class Lamp(Odd):
    """Texts per language, many pictures, several labels, a price that depends on who asks."""

    code = models.CharField(max_length=10, unique=True)
    labels = models.ManyToManyField(Label)
    added = models.DateTimeField(null=True)
    watts = models.IntegerField(null=True)

    @property
    def name(self) -> str | None:
        language = translation.get_language()
        return next((each.name for each in self.translations.all() if each.language_code == language), None)

    def get_price(self, request: Any) -> Any:
        return request.price

    def get_brand(self, shouting: bool = False) -> str:
        return "LUX" if shouting else "Lux"

    def shot(self, size: str = "small", request: object = None) -> str:
        return f"/{self.code}-{size}-{request}.png"

    def broken(self) -> str:
        raise RuntimeError(self.code)


class LampTranslation(Odd):
    lamp = models.ForeignKey(Lamp, models.CASCADE, related_name="translations")
    language_code = models.CharField(max_length=5)
    name = models.CharField(max_length=40)


class Picture(Odd):
    """Named neither by a related name nor by its place in the table."""

    lamp = models.ForeignKey(Lamp, models.CASCADE)
    place = models.IntegerField()
    file = models.FileField(blank=True)

    class Meta:
        ordering = ("place",)


class Shop(Odd):
    name = models.CharField(max_length=20, unique=True)


class Sale(Odd):
    """An order; its lines keep the number, not the key."""

    number = models.CharField(max_length=80, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_constraint=False)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True, to_field="name")
    placed_at = models.DateTimeField(null=True)
    complete = models.BooleanField(default=True)


class SaleLine(Odd):
    sale = models.ForeignKey(Sale, models.CASCADE, null=True, related_name="lines")
    boot = models.ForeignKey(Boot, models.DO_NOTHING, null=True, db_constraint=False)
    cut = models.ForeignKey(Cut, models.SET_NULL, null=True)
    shirt = models.ForeignKey(Shirt, models.SET_NULL, null=True)
    qty = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    price = models.CharField(max_length=20, blank=True)
    list_price = models.FloatField(null=True)
    returned = models.IntegerField(null=True)


class Slip(Odd):
    """An order that keeps what was sold as text."""

    items = models.TextField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_constraint=False)
    placed_at = models.DateTimeField()
    paid = models.BooleanField(default=True)
    cancelled = models.BooleanField(default=False)


class Payment(Odd):
    sale = models.ForeignKey(Sale, models.CASCADE, related_name="payments")
    paid = models.BooleanField(default=False)


class Parcel(Odd):
    payment = models.ForeignKey(Payment, models.CASCADE)


class Scan(Odd):
    """Knows of the order by its number only."""

    number = models.CharField(max_length=80)


class OrderedBoot(Odd):
    """A line of a cart that becomes an order, to which the order points."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, db_constraint=False)
    boot = models.ForeignKey(Boot, models.CASCADE)
    quantity = models.IntegerField(default=1)
    session_key = models.CharField(max_length=40, blank=True)
    basket = models.IntegerField(null=True)
    ordered = models.BooleanField(default=False)


class CartOrder(Odd):
    lines = models.ManyToManyField(OrderedBoot)
    ordered = models.BooleanField(default=False)
    refunded = models.BooleanField(default=False)
    placed_at = models.DateTimeField(null=True)


class Crate(Odd):
    """A cart without quantities: the rows of the many-to-many are its lines."""

    boots = models.ManyToManyField(Boot)


class Delivery(Odd):
    crate = models.OneToOneField(Crate, models.CASCADE)
    number = models.CharField(max_length=20)
    day = models.DateField()


class ExpressDelivery(Delivery):
    class Meta:
        proxy = True


class Member(Odd):
    """An account's key is its own."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, db_constraint=False)


class Bonus(Odd):
    member = models.ForeignKey(Member, models.CASCADE)
    facts = models.JSONField(default=dict)
