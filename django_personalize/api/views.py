"""What another process may post. Answers in JSON that no cache keeps; knows no session, no cookie and no account."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from django_personalize.api import events, feeds, orders, products
from django_personalize.api.body import BoundedJSON, listed, read, short
from django_personalize.api.keys import IngestKey, IngestThrottle
from django_personalize.api.refusals import Refusal, answer, shown
from django_personalize.api.taken import Taken
from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.core.memo import once
from django_personalize.core.types import ConsentState, Purpose
from django_personalize.models import FeedItem, FeedLine

FEED_SHOP = "django_personalize.integrations.http.FeedShop"
MEGABYTE = 1024 * 1024


class AsciiJSON(JSONRenderer):
    """An answer repeats what was found, which may be half of a character: JSON can write that, UTF-8 cannot."""

    ensure_ascii = True


class Door(APIView):
    """Every policy is stated: the shop's own `REST_FRAMEWORK` is about its own views."""

    authentication_classes = (IngestKey,)
    permission_classes = ()
    throttle_classes = (IngestThrottle,)
    parser_classes = (BoundedJSON,)
    renderer_classes = (AsciiJSON,)
    versioning_class = None
    http_method_names = ("get", "post", "put", "delete")
    max_bytes = MEGABYTE

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # A server that passes on a browser's cookies does not make this request that browser's: without this, the
        # middleware would take the request for the browser's next answer.
        request.COOKIES = {}
        once(request, "consents", lambda: dict.fromkeys(Purpose, ConsentState.UNKNOWN))
        return super().initialize_request(request, *args, **kwargs)

    def get_exception_handler(self) -> Any:
        return answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class FeedDoor(Door):
    """What fills the tables that `FeedShop` reads."""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not isinstance(settings.shop, load(FEED_SHOP)):
            raise Refusal(
                409,
                found=f'PERSONALIZE["SHOP"] = {shown(settings.SHOP)}, which reads products and orders elsewhere',
                wanted=f'"{FEED_SHOP}"',
                do="Set it where products and orders come over HTTP; otherwise post events only.",
            )


class Products(FeedDoor):
    """Takes a part of the catalogue: `{"products": [...], "feed": "..."}`."""

    max_bytes = 8 * MEGABYTE

    def post(self, request: Any) -> Response:
        body = read(request, ("products", "feed"))
        batch = listed(body, "products", products.LIMIT)
        return _said(products.take(batch, feed=short(body, "feed")))

    put = post


class OneProduct(FeedDoor):
    def delete(self, request: Any, key: str) -> Response:
        return Response({"unlisted": feeds.take_out(key)})


class Feeds(FeedDoor):
    """Ends a whole feed: `{"feed": "...", "count": 60, "force": false}`."""

    def post(self, request: Any) -> Response:
        body = read(request, ("feed", "count", "force"))
        count, force = body.get("count"), body.get("force", False)
        if type(count) is not int or count < 1 or type(force) is not bool:
            raise Refusal(
                400,
                found=f"count: {shown(count)}, force: {shown(force)}",
                wanted="count: a whole number from 1 on, force: true or false",
                do="Count the products that the feed's parts were told to have accepted.",
            )
        return Response(feeds.complete(short(body, "feed", needed=True), count, force=force))


class Orders(FeedDoor):
    """Takes orders: `{"orders": [...]}`."""

    max_bytes = 4 * MEGABYTE

    def post(self, request: Any) -> Response:
        return _said(orders.take(listed(read(request, ("orders",)), "orders", orders.LIMIT)))


class Events(Door):
    """Takes what one visitor answered and did: `{"visitor": {...}, "events": [...]}`."""

    max_bytes = MEGABYTE // 4

    def post(self, request: Any) -> Response:
        return Response(events.take(read(request, ("visitor", "context", "events"))))


class Status(FeedDoor):
    """Says what is there, to compare with what was sent."""

    def get(self, request: Any) -> Response:
        told = FeedItem.objects.filter(from_variants=False)
        return Response(
            {
                "products": {"listed": told.filter(listed=True).count(), "unlisted": told.filter(listed=False).count()},
                "orders": FeedLine.objects.values("order_key").distinct().count(),
                "lines": FeedLine.objects.count(),
            }
        )


class NoSuchAddress(Door):
    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


def _said(taken: Taken) -> Response:
    """Answer for a batch: 400 where none of it could be kept."""
    none = taken.errors and not taken.accepted and not taken.stale
    body = taken.body()
    if none:
        body |= {
            "found": "no part that can be kept",
            "wanted": "what errors say",
            "do": "Correct it and send it again.",
        }
    return Response(body, status=400 if none else 200)
