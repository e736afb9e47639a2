"""Who may post: whoever holds one of `INGEST_KEYS`. A key is compared, and never kept, logged or sent back."""

from __future__ import annotations

import hmac
import logging
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from django_personalize.api.refusals import Refusal
from django_personalize.conf import SHORTEST_KEY, settings

logger = logging.getLogger("django_personalize.api")
SCOPE = "personalize"
RATE = "1200/min"
"""Unless the shop's `REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["personalize"]` says otherwise."""
_HOW = 'Send the header Authorization: Bearer <key>, with one of PERSONALIZE["INGEST_KEYS"].'


class IngestKey(BaseAuthentication):
    """Every key is compared, in constant time, whichever fits: several may be valid while one replaces another."""

    @sensitive_variables()
    def authenticate(self, request: Any) -> tuple[AnonymousUser, str]:
        given = settings.INGEST_KEYS
        keys = [
            sha256(key.strip().encode()).digest()  # a key that is read from a file ends with a line's end
            for key in (given if isinstance(given, list | tuple) else ())
            if isinstance(key, str) and len(key.strip()) >= SHORTEST_KEY
        ]
        if not keys:
            raise Refusal(
                403,
                found="no key in this server's settings",
                wanted=f"one of {SHORTEST_KEY} characters or more",
                do='Set PERSONALIZE["INGEST_KEYS"]; secrets.token_urlsafe(32) makes one.',
            )
        scheme, _, offered = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer" or not offered.strip():
            raise Refusal(401, found="no key in this request", wanted="a key", do=_HOW)
        mark = sha256(offered.strip())
        if not sum([hmac.compare_digest(mark.digest(), key) for key in keys]):
            raise Refusal(401, found="a key that is none of this server's", wanted="a key that is", do=_HOW)
        # No account of the shop's; the key is known by a hash of its hash, under which its requests are counted.
        return AnonymousUser(), sha256(mark.digest()).hexdigest()[:32]

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class Counted(SimpleRateThrottle):
    """Counts in the cache; what goes past the rate is asked to come again."""

    def allow_request(self, request: Any, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except Exception:
            # Whatever the cache's client raises. Nobody counts then, and what is sent must not be lost for it.
            logger.exception("requests_not_counted")
            return True


class IngestThrottle(Counted):
    """So many requests per key."""

    scope = SCOPE

    def get_rate(self) -> str | None:
        rate = api_settings.DEFAULT_THROTTLE_RATES.get(SCOPE, RATE)
        return None if rate is None else str(rate)

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        return f"personalize:ingest:{request.auth}"
