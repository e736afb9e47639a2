"""The shop's URLs and the two lines that personalisation adds."""

from django.urls import include, path

from example_shop.urls import urlpatterns as shop_urlpatterns

urlpatterns = [
    path("cookies/", include("cookie_consent.urls")),
    path("personalize/", include("django_personalize.urls")),
    *shop_urlpatterns,
]
