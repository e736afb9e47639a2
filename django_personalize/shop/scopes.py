"""The site or channel that a request belongs to, in a shop that has several."""

from __future__ import annotations

from typing import Any

from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.core.memo import once
from django_personalize.shop.paths import text

SCOPE_LENGTH = 32


def scope_of(request: Any) -> str:
    """Return what `SCOPE` says of this request, asked once; '' without the setting, and without a request."""
    given = settings.SCOPE
    if not given or request is None:
        return ""
    return once(request, "scope", lambda: _said(given, request))


def _said(given: str, request: Any) -> str:
    if given == "site":
        from django.contrib.sites.shortcuts import get_current_site

        return text(getattr(get_current_site(request), "pk", ""))[:SCOPE_LENGTH]
    return text(load(given)(request))[:SCOPE_LENGTH]
