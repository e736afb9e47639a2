"""What shoppers may ask and change: their rows, their answers, their data and the reasons; each for itself alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.response import Response

from django_personalize.api import consents, describe, my_data, placements, why
from django_personalize.api.body import read
from django_personalize.api.door import Door, ShopperDoor
from django_personalize.api.openapi import document
from django_personalize.api.operation import Operation
from django_personalize.core.types import Purpose
from django_personalize.privacy.export import export
from django_personalize.privacy.person import person_of


class Placements(ShopperDoor):
    """Chooses several placements of a page: `{"placements": [{"slug": "...", "items": ["8"], "n": 4}]}`."""

    wants_token = False
    told = {
        "post": Operation(
            summary="Choose the rows of a page, no item twice",
            body=describe.placements,
            answer=placements.PlacementsTold,
        )
    }

    def post(self, request: Any) -> Response:
        return Response(placements.choose(request._request, read(request, ("placements",))))


class Consent(ShopperDoor):
    """What this browser answered, and its next answer: `{"analytics": true, "personalization": false}`."""

    told = {
        "get": Operation(summary="Read the answers, and what may be asked", answer=consents.ConsentTold),
        "put": Operation(
            summary="Answer for one purpose or several; the others stay as they are",
            body=describe.answers,
            answer=consents.ConsentTold,
        ),
    }

    def get(self, request: Any) -> Response:
        return Response(consents.tell(request._request))

    def put(self, request: Any) -> Response:
        response = Response()
        consents.answer(request._request, response, read(request, [purpose.value for purpose in Purpose]))
        response.data = consents.tell(request._request, response)
        return response


class MyData(ShopperDoor):
    """What is kept of whoever asks: to read, to pause, to object to, to erase."""

    told = {
        "get": Operation(summary="Read what is kept of you, and what is made of it", answer=my_data.MyDataTold),
        "patch": Operation(
            summary="Pause, or object to profiling; or take that back",
            body=describe.switches,
            answer=my_data.SwitchesTold,
        ),
        "delete": Operation(summary="Erase everything, and take the yes back", body=describe.password),
    }

    def get(self, request: Any) -> Response:
        return Response(my_data.tell(request._request))

    def patch(self, request: Any) -> Response:
        response = Response()
        response.data = my_data.switch(request._request, response, read(request, my_data.NAMES))
        return response

    def delete(self, request: Any) -> Response:
        password = read(request, ("password",)).get("password") if request.data else ""
        response = Response(status=204)
        my_data.erase(request._request, response, password)
        return response


class MyHistory(ShopperDoor):
    told = {"delete": Operation(summary="Take one item out of your history, and a dismissal of it")}

    def delete(self, request: Any, key: str) -> Response:
        my_data.remove(request._request, key)
        return Response(status=204)


class MyExport(ShopperDoor):
    told = {"get": Operation(summary="Take everything along", answer=describe.EXPORT)}

    def get(self, request: Any) -> HttpResponseBase:
        parts = export(person_of(request._request))
        if isinstance(request._request, ASGIRequest):
            # Nothing there sends parts that a thread makes one by one.
            return HttpResponse("".join(parts), content_type="application/json")
        return StreamingHttpResponse(parts, content_type="application/json")


class Why(ShopperDoor):
    told = {"get": Operation(summary="Read why a decision of yours shows what it shows", answer=why.DecisionTold)}

    def get(self, request: Any, decision: UUID) -> Response:
        return Response(why.tell(request._request, decision))


class Described(Door):
    """This API, as OpenAPI 3.1."""

    told = {"get": Operation(summary="Read this document", answer={"type": "object"}, security=())}

    def get(self, request: Any) -> Response:
        return Response(document())
