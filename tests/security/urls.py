"""A small shop's pages: a product, a search, a home; and everything of ours beneath its documented address."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

TAGS = "{% load personalize %}{% personal_home %}{% personalize_script %}"
PRODUCT = "{% load personalize %}{% you_may_also_like product %}{% personalize_script %}"


@csrf_exempt
def product(request: HttpRequest, key: str) -> HttpResponse:
    from django_personalize.testing.doubles import MemoryShop

    context = Context({"request": request, "product": MemoryShop.stock[key]})
    return HttpResponse(Template(PRODUCT).render(context))


def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(TAGS).render(Context({"request": request})))


urlpatterns = [
    path("products/<str:key>/", product),
    path("search/", search),
    path("", search),
    path("admin/", admin.site.urls),
    path("cookies/", include("cookie_consent.urls")),
    path("personalize/", include("django_personalize.urls")),
]
