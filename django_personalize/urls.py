"""Include under a path of its own: `path("personalize/", include("django_personalize.urls"))`."""

from __future__ import annotations

from django.urls import path

from django_personalize.web.seen import seen

app_name = "personalize"
urlpatterns = [path("seen/", seen, name="seen")]
