from __future__ import annotations

from django.urls import include, path

from tests.small_shops.session_shop.urls import urlpatterns as shop_urlpatterns

urlpatterns = [
    path("cookies/", include("cookie_consent.urls")),  # before the shop's "<slug:category_slug>/", which takes any word
    path("personalize/", include("django_personalize.urls")),
    *shop_urlpatterns,
]
