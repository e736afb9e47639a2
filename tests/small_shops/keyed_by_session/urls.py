from __future__ import annotations

from django.urls import path

from tests.small_shops.keyed_by_session import views

urlpatterns = [
    path("", views.store, name="store"),
    path("store/search/", views.search, name="search"),
    path("store/category/<slug:category_slug>/", views.store, name="products_by_category"),
    path("store/category/<slug:category_slug>/<slug:product_slug>/", views.product_detail, name="product_detail"),
    path("cart/", views.cart, name="cart"),
    path("cart/add_cart/<int:product_id>/", views.add_cart, name="add_cart"),
    path("cart/remove_cart/<int:product_id>/<int:cart_item_id>/", views.remove_cart, name="remove_cart"),
    path("cart/remove_cart_item/<int:product_id>/<int:cart_item_id>/", views.remove_cart_item, name="remove_cart_item"),
    path("accounts/login/", views.login, name="login"),
    path("accounts/logout/", views.logout, name="logout"),
    path("orders/place_order/", views.place_order, name="place_order"),
    path("orders/payments/", views.payments, name="payments"),
]
