"""What another process may post: products, orders, what its visitors answered and did."""

from __future__ import annotations

from typing import Any, TypedDict

from django.http import Http404
from rest_framework.response import Response

from django_personalize.api import describe, events, feeds, orders, products
from django_personalize.api.acting import ShopperThrottle, VisitorToken
from django_personalize.api.body import listed, read, short
from django_personalize.api.door import MEGABYTE, ServerDoor
from django_personalize.api.keys import IngestKey
from django_personalize.api.operation import Operation
from django_personalize.api.refusals import Refusal, shown
from django_personalize.api.taken import Taken, TakenTold
from django_personalize.conf import settings
from django_personalize.core.loading import load
from django_personalize.models import FeedItem, FeedLine
from django_personalize.visitors.resolve import acts_for

FEED_SHOP = "django_personalize.integrations.http.FeedShop"
KEY = ("key",)


class ProductsCounted(TypedDict):
    listed: int
    unlisted: int


class StatusTold(TypedDict):
    products: ProductsCounted
    orders: int
    lines: int


class FeedDoor(ServerDoor):
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
    told = {
        "post": Operation(
            summary="Put in, or replace, a part of the catalogue",
            body=describe.products,
            answer=TakenTold,
            security=KEY,
        ),
        "put": Operation(summary="The same as POST", body=describe.products, answer=TakenTold, security=KEY),
    }

    def post(self, request: Any) -> Response:
        body = read(request, ("products", "feed"))
        batch = listed(body, "products", products.LIMIT)
        return _said(products.take(batch, feed=short(body, "feed")))

    put = post


class OneProduct(FeedDoor):
    told = {"delete": Operation(summary="Take a product off the list", answer=feeds.TakenOutTold, security=KEY)}

    def delete(self, request: Any, key: str) -> Response:
        return Response({"unlisted": feeds.take_out(key)})


class Feeds(FeedDoor):
    """Ends a whole feed: `{"feed": "...", "count": 60, "force": false}`."""

    told = {
        "post": Operation(
            summary="End a whole feed: what it did not name is unlisted",
            body=describe.feed,
            answer=feeds.CompletedTold,
            security=KEY,
        )
    }

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
    told = {
        "post": Operation(summary="Put in, or replace, orders", body=describe.orders, answer=TakenTold, security=KEY)
    }

    def post(self, request: Any) -> Response:
        return _said(orders.take(listed(read(request, ("orders",)), "orders", orders.LIMIT)))


class Events(ServerDoor):
    """Takes what one visitor answered and did: `{"visitor": {...}, "events": [...]}`.

    A front end that acts for one visitor sends `{"events": [...]}`, and nothing of what they answered.
    """

    authentication_classes = (VisitorToken, IngestKey)
    max_bytes = MEGABYTE // 4
    told = {
        "post": Operation(
            summary="Tell what a visitor did; by a server's key, also what they answered",
            body=describe.events,
            answer=events.EventsTold,
            security=("key", "visitor"),
        )
    }

    def get_throttles(self) -> list[Any]:
        return [ShopperThrottle()] if acts_for(self.request._request) else super().get_throttles()

    def post(self, request: Any) -> Response:
        if acts_for(request._request):
            return Response(events.hear(request._request, read(request, ("events",))))
        return Response(events.take(read(request, ("visitor", "context", "events", "token"))))


class Status(FeedDoor):
    """Says what is there, to compare with what was sent."""

    told = {"get": Operation(summary="Count what is there", answer=StatusTold, security=KEY)}

    def get(self, request: Any) -> Response:
        told = FeedItem.objects.filter(from_variants=False)
        return Response(
            {
                "products": {"listed": told.filter(listed=True).count(), "unlisted": told.filter(listed=False).count()},
                "orders": FeedLine.objects.values("order_key").distinct().count(),
                "lines": FeedLine.objects.count(),
            }
        )


class NoSuchAddress(ServerDoor):
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
