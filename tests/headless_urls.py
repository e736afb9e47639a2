"""The documented view beside the package's own addresses, and the page by which tests look into a process."""

from typing import Any

from django.urls import include, path

from tests.headless_recipe import view_snippet
from tests.served_urls import process

_given: dict[str, Any] = {"__name__": __name__}
exec(view_snippet(), _given)
urlpatterns = [
    path("process/", process),
    path("beside/<str:key>/", _given["beside"]),
    path("personalize/", include("django_personalize.urls")),
]
