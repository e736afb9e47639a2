"""Keyed digests: what may be compared, and never read back."""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import salted_hmac


def digest(purpose: str, value: str, *, secret: str | bytes | None = None) -> str:
    """Return 64 hex digits that only this project can make; equal values for different purposes differ."""
    return salted_hmac(f"django_personalize.{purpose}", value, secret=secret, algorithm="sha256").hexdigest()


def digests(purpose: str, value: str) -> list[str]:
    """Return what `value` is and was known as: under the project's secret key, then under each that came before it."""
    return [digest(purpose, value, secret=secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
