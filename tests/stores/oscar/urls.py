"""The plain store's URLs, made personal: the lines between the marks are all that changes in them."""

from tests.stores.oscar.plain_urls import *  # noqa: F403

# --- personalisation: begin ---------------------------------------------------------------------------------------
urlpatterns += [path("cookies/", include("cookie_consent.urls"))]  # noqa: F405
urlpatterns += [path("personalize/", include("django_personalize.urls"))]  # noqa: F405
# --- personalisation: end -----------------------------------------------------------------------------------------
