"""Include under a path of its own: `path("personalize/", include("django_personalize.urls"))`."""

from __future__ import annotations

from django.urls import include, path

from django_personalize.web.events import events

app_name = "personalize"
urlpatterns = [
    path("events/", events, name="events"),
    path("api/v1/", include("django_personalize.api.urls")),
]
