"""Two pages: one that touches nothing, and the address that events are told to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_personalize.core.types import ConsentState, Item, Purpose
from django_personalize.shortcuts import track
from django_personalize.testing.doubles import MemoryShop, StaticConsent

ITEMS = 50


class Everybody(StaticConsent):
    """Said yes to statistics."""

    answers = {Purpose.ANALYTICS: ConsentState.GRANTED}


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
