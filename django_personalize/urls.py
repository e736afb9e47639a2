"""Include under a path of its own: `path("personalize/", include("django_personalize.urls"))`."""

from __future__ import annotations

from django.urls import include, path

from django_personalize.web import my_data
from django_personalize.web.events import events
from django_personalize.web.placements import placements
from django_personalize.web.visit import visit

app_name = "personalize"
urlpatterns = [
    path("events/", events, name="events"),
    path("placements/", placements, name="placements"),
    path("visit/", visit, name="visit"),
    path("my-data/", my_data.my_data, name="my_data"),
    path("my-data/switch/", my_data.switch, name="my_data_switch"),
    path("my-data/remove/", my_data.remove, name="my_data_remove"),
    path("my-data/download/", my_data.download, name="my_data_download"),
    path("my-data/forget/", my_data.forget, name="my_data_forget"),
    path("api/v1/", include("django_personalize.api.urls")),
]
