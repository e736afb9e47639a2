"""Whether a request comes from a page of this shop, for addresses that cannot carry a CSRF token."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest


def is_same_origin(request: HttpRequest) -> bool:
    """Browsers say where a request comes from in one of two ways; one that says neither is no browser's."""
    site: str | None = request.META.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(str(request.META.get("HTTP_ORIGIN", ""))).netloc == request.get_host()
    except ValueError:  # no address
        return False
