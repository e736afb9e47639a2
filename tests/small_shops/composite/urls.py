from __future__ import annotations

from django.urls import include, path

from tests.small_shops.composite import views

shop = [
    path("", views.articles, name="articles"),
    path("articles/<str:supplier>/<int:number>/", views.article, name="article"),
    path("cart/<str:supplier>/<int:number>/", views.put, name="put"),
    path("import/", views.import_list, name="import"),
    path("order/", views.order, name="order"),
    path("order/<int:pk>/state/", views.state, name="state"),
]
urlpatterns = [path("", include((shop, "composite")))]
