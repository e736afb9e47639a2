"""Whether whoever asks for everything to be erased is still who they were when they logged in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest

from django_personalize.core import clock

FRESH = timedelta(hours=2)
"""How lately somebody must have logged in for nobody to ask who they are before all is erased."""


def asks_password(request: HttpRequest) -> bool:
    """Say whether whoever is logged in has to show first that they are who they were then."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    logged_in = getattr(user, "last_login", None)
    return logged_in is None or clock.now() - logged_in > FRESH


def is_them(request: HttpRequest, password: str) -> bool:
    """Check the password the way a log-in does, so that whatever limits guesses there does so here."""
    user: Any = request.user
    if not password:
        return False
    found = authenticate(request, **{user.USERNAME_FIELD: user.get_username(), "password": password})
    return found is not None and found.pk == user.pk
