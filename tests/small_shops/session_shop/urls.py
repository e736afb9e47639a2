from __future__ import annotations

from django.urls import include, path

from tests.small_shops.session_shop import views

shop = [
    path("", views.product_list, name="home"),
    path("search/", views.search, name="search"),
    path("cart/", views.cart_detail, name="cart_detail"),
    path("cart/add/<int:product_id>/", views.cart_add, name="cart_add"),
    path("cart/remove/<int:product_id>/", views.cart_remove, name="cart_remove"),
    path("orders/create/", views.order_create, name="order_create"),
    path("payment/webhook/", views.payment_webhook, name="webhook"),
    path("<slug:category_slug>/", views.product_list, name="category"),
    path("<int:id>/<slug:slug>/", views.product_detail, name="product"),
]
urlpatterns = [path("", include((shop, "session_shop")))]
