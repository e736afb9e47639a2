from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from tests.small_shops.order_is_cart import admin, views

shop = [
    path("", views.HomeView.as_view(), name="home"),
    path("order-summary/", views.OrderSummaryView.as_view(), name="summary"),
    path("product/<slug>/", views.ItemDetailView.as_view(), name="product"),
    path("add-to-cart/<slug>/", views.add_to_cart, name="add"),
    path("remove-from-cart/<slug>/", views.remove_from_cart, name="remove"),
    path("remove-item-from-cart/<slug>/", views.remove_single_item, name="remove_single"),
    path("payment/", views.PaymentView.as_view(), name="payment"),
    path("request-refund/", views.RequestRefundView.as_view(), name="request_refund"),
]
urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(next_page="/"), name="login"),
    path("logout/", LogoutView.as_view(next_page="/"), name="logout"),
    path("", include((shop, "order_is_cart"))),
]
