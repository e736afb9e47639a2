from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from tests.stores.salesman.shop import views

urlpatterns = [
    path("", views.PhoneList.as_view(), name="phones"),
    path("phones/<slug:slug>/", views.PhonePage.as_view(), name="phone"),
    path("accessories/<int:pk>/", views.AccessoryPage.as_view(), name="accessory"),
    path("login/", LoginView.as_view(template_name="shop/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("api/", include("salesman.urls")),
    path("admin/", admin.site.urls),
]
