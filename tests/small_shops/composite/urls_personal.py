from __future__ import annotations

from django.urls import include, path

from tests.small_shops.composite.urls import urlpatterns as shop_urlpatterns

urlpatterns = [
    path("cookies/", include("cookie_consent.urls")),
    path("personalize/", include("django_personalize.urls")),
    *shop_urlpatterns,
]
