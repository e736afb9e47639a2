"""What every reader of a request must agree on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that promise to change nothing (RFC 9110, section 9.2.1); all others may have filled a cart or logged in."""


def is_same_origin(request: Any) -> bool:
    """Say whether a page of this shop asks, where no CSRF token can be carried.

    Browsers say where a request comes from in one of two ways; one that says neither is no browser's.
    """
    site: str | None = request.META.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(str(request.META.get("HTTP_ORIGIN", ""))).netloc == str(request.get_host())
    except ValueError:  # no address
        return False
