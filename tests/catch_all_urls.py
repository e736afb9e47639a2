"""A shop whose catch-all pattern stands before everybody else's."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest, rest: str) -> HttpResponse:
    return HttpResponse(rest)


urlpatterns = [path("<path:rest>", page), path("personalize/", include("django_personalize.urls"))]
