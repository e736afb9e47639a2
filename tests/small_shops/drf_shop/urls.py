from __future__ import annotations

from django.urls import include, path

from tests.small_shops.drf_shop import views

api = [
    path("products/", views.ProductList.as_view(), name="products"),
    path("products/<int:pk>/", views.ProductDetail.as_view(), name="product"),
    path("cart/", views.CartView.as_view(), name="cart"),
    path("cart/<int:pk>/", views.CartItemView.as_view(), name="cart-item"),
    path("login/", views.Login.as_view(), name="login"),
    path("checkout/", views.Checkout.as_view(), name="checkout"),
    path("orders/<int:pk>/status/", views.Hook.as_view(), name="hook"),
]
urlpatterns = [
    path("api/", include((api, "drf_shop"))),
    path("", views.App.as_view(), name="app"),
    path("shop/<int:pk>/", views.App.as_view(), name="app-product"),
]
