from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.urls import include, path

from tests.small_shops.uuid_variants import views

shop = [
    path("", views.Home.as_view(), name="home"),
    path("search/", views.Search.as_view(), name="search"),
    path("p/<uuid:pk>/", views.ProductPage.as_view(), name="product"),
    path("cart/", views.cart, name="cart"),
    path("cart/add/<uuid:variant_id>/", views.add, name="add"),
    path("cart/change/", views.change, name="change"),
    path("check-out/", views.check_out, name="check_out"),
    path("payments/told/", views.payment_told, name="payment_told"),
    path("warehouse/lines/<int:line_id>/returned/", views.take_back, name="take_back"),
    path("login/", LoginView.as_view(next_page="/"), name="login"),
]
urlpatterns = [path("", include((shop, "uuid_variants")))]
