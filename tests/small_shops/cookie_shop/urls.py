from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from tests.small_shops.cookie_shop import views

urlpatterns = [
    path("", views.store, name="store"),
    path("cart/", views.cart, name="cart"),
    path("update_item/", views.update_item, name="update_item"),
    path("process_order/", views.process_order, name="process_order"),
    path("login/", LoginView.as_view(next_page="/"), name="login"),
    path("logout/", LogoutView.as_view(next_page="/"), name="logout"),
]
