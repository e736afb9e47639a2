from __future__ import annotations

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language


class Poster(models.Model):
    code = models.SlugField(primary_key=True, max_length=40)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, db_constraint=False)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("translated:poster", kwargs={"slug": self.slug})

    def translation(self, language: str | None = None) -> PosterTranslation | None:
        """The texts in the active language, or in the first that there is."""
        language = language or get_language()
        texts = sorted(self.translations.all(), key=lambda text: (text.language_code != language, text.pk))
        return texts[0] if texts else None

    @property
    def name(self) -> str:
        text = self.translation()
        return text.name if text else self.code

    @property
    def slug(self) -> str:
        text = self.translation()
        return text.slug if text else self.code


class PosterTranslation(models.Model):
    master = models.ForeignKey(Poster, on_delete=models.CASCADE, related_name="translations")
    language_code = models.CharField(max_length=15, choices=settings.LANGUAGES)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100)

    class Meta:
        unique_together = [("language_code", "master"), ("language_code", "slug")]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, db_constraint=False)
    currency = models.CharField(max_length=3)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.number


class SoldPoster(models.Model):
    """One piece each: two of a kind are two rows."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="pieces")
    poster = models.ForeignKey(Poster, on_delete=models.CASCADE)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    cancelled = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.order}: {self.poster_id}"
