"""What every address of the API holds to. Answers in JSON that no cache keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_personalize.api.acting import Browser, ShopperThrottle, VisitorToken, guard
from django_personalize.api.body import BoundedJSON
from django_personalize.api.keys import IngestKey, IngestThrottle
from django_personalize.api.operation import Operation
from django_personalize.api.refusals import answer
from django_personalize.core.memo import once
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.events.collector import collector_of, has_gathered

MEGABYTE = 1024 * 1024
KEPT_BY_NOBODY = "private, no-store"


class AsciiJSON(JSONRenderer):
    """An answer repeats what was found, which may be half of a character: JSON can write that, UTF-8 cannot."""

    ensure_ascii = True


class Door(APIView):
    """Every policy is stated: the shop's own `REST_FRAMEWORK` is about its own views."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = ()
    throttle_classes: Sequence[type[BaseThrottle]] = ()
    parser_classes = (BoundedJSON,)
    renderer_classes = (AsciiJSON,)
    versioning_class = None
    http_method_names = ("get", "post", "put", "patch", "delete")
    max_bytes = MEGABYTE
    told: ClassVar[Mapping[str, Operation]] = {}
    """What each method does, for the document that describes this API."""
    kept_by = KEPT_BY_NOBODY

    def get_exception_handler(self) -> Any:
        return answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = self.kept_by
        return response


class ServerDoor(Door):
    """What another process may post: knows no session, no cookie and no account."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (IngestKey,)
    throttle_classes = (IngestThrottle,)
    kept_by = "no-store"

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # A server that passes on a browser's cookies does not make this request that browser's: without this, the
        # middleware would take the request for the browser's next answer.
        request.COOKIES = {}
        once(request, "consents", lambda: dict.fromkeys(Purpose, ConsentState.UNKNOWN))
        return super().initialize_request(request, *args, **kwargs)


class ShopperDoor(Door):
    """What a shopper's own browser may ask, by its cookies, or another shop's front end, by its visitor's token."""

    authentication_classes = (VisitorToken, Browser)
    throttle_classes = (ShopperThrottle,)
    max_bytes = MEGABYTE // 16
    wants_token = True
    """Whether what changes anything wants Django's CSRF token; else the origin is checked: a cached page has none."""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        guard(request, wants_token=self.wants_token)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if has_gathered(request._request):
            collector_of(request._request).flush()
        return response
