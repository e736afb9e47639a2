from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.views import LoginView
from django.urls import include, path

from tests.small_shops.translated import views

shop = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("poster/<slug:slug>/", views.poster, name="poster"),
    path("cart/put/<slug:code>/", views.put, name="put"),
    path("cart/drop/<slug:code>/", views.drop, name="drop"),
    path("check-out/", views.check_out, name="check_out"),
    path("orders/<slug:number>/cancel/<slug:code>/", views.cancel_piece, name="cancel_piece"),
    path("login/", LoginView.as_view(next_page="translated:home"), name="login"),
]
urlpatterns = [*i18n_patterns(path("", include((shop, "translated"))))]
