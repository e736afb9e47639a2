"""Two pages: one that touches nothing, and the address that events are told to."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_personalize.core.types import Consents, ConsentState, Item, Purpose
from django_personalize.shortcuts import track
from django_personalize.testing.doubles import MemoryShop

ITEMS = 50


class Everybody:
    """Said yes to statistics."""

    def states(self, request: Any) -> Consents:
        return {each: ConsentState.GRANTED if each is Purpose.ANALYTICS else ConsentState.UNKNOWN for each in Purpose}

    def prepare(self) -> list[str]:
        return []


class Shelf(MemoryShop):
    """Items 0 to 49, whatever becomes of the database."""

    stock = {str(n): Item(key=str(n), title=f"Item {n}", url=f"/{n}/") for n in range(ITEMS)}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("here")


def watched(request: HttpRequest) -> HttpResponse:
    """A page that records something of its own: what the middleware does on every page of a shop."""
    told = track(request, "begin_checkout")
    return HttpResponse("told" if told else "not told")


urlpatterns = [
    path("", page),
    path("watched/", watched),
    path("personalize/", include("django_personalize.urls")),
]
