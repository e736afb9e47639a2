"""The shop's addresses."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from .views import accounts, browsing, buying

app_name = "shop"
urlpatterns = [
    path("", browsing.home, name="home"),
    path("search/", browsing.search, name="search"),
    path("categories/<slug:slug>/", browsing.category, name="category"),
    path("collections/<slug:slug>/", browsing.collection, name="collection"),
    path("products/<int:pk>-<slug:slug>/", browsing.product, name="product"),
    path("pictures/<slug:code>.svg", browsing.picture, name="picture"),
    path("basket/", buying.basket, name="basket"),
    path("basket/add/<int:pk>/", buying.add, name="basket_add"),
    path("basket/change/<int:pk>/", buying.change, name="basket_change"),
    path("basket/remove/<int:pk>/", buying.remove, name="basket_remove"),
    path("checkout/", buying.checkout, name="checkout"),
    path("orders/<slug:number>/", accounts.order, name="order"),
    path("orders/<slug:number>/cancel/", accounts.cancel_order, name="order_cancel"),
    path("account/", accounts.account, name="account"),
    path("account/register/", accounts.register, name="register"),
    path(
        "account/log-in/",
        LoginView.as_view(template_name="shop/log_in.html", redirect_authenticated_user=True),
        name="log_in",
    ),
    path("account/log-out/", LogoutView.as_view(), name="log_out"),
]
