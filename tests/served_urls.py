"""The shop as it is served, and one page more, on which a test sees what the process has loaded."""

import sys

from django.http import HttpRequest, JsonResponse
from django.urls import path

from example_shop.urls_personal import urlpatterns as shop_urlpatterns


def process(request: HttpRequest) -> JsonResponse:
    from django_personalize.artifacts.store import live

    model = live()
    tops = {name.partition(".")[0] for name in sys.modules}
    return JsonResponse(
        {
            "version": None if model is None else model.number,
            "rung": None if model is None else model.rung,
            "loaded": sorted(tops & {"lightfm", "scipy", "sklearn"}),
        }
    )


urlpatterns = [path("process/", process), *shop_urlpatterns]
