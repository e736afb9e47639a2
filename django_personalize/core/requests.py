"""What every reader of a request must agree on."""

from __future__ import annotations

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that promise to change nothing (RFC 9110, section 9.2.1); all others may have filled a cart or logged in."""
