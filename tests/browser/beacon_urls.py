"""Small pages for the script: in a cache, with a data layer, with a search that no address tells."""

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path
from django.views.decorators.cache import cache_page

from example_shop.shop.models import Product
from tests.served_urls import urlpatterns as served

PAGE = "<!doctype html><html lang=en><title>Page</title><link rel=icon href='data:,'>{% load personalize %}"
LAYER = """
window.dataLayer = window.dataLayer || [];
function gtag() { window.dataLayer.push(arguments); }
gtag("js", new Date());
gtag("event", "add_to_cart", { currency: "GBP", user_id: "anna@example.com", items: [{ item_id: "3", price: 2.5 }] });
window.dataLayer.push({ event: "search", search_term: "earlier", user: { email: "anna@example.com" } });
"""


def cached(request: HttpRequest, pk: int) -> HttpResponse:
    product = Product.objects.get(pk=pk)
    source = PAGE + "<h1>{{ product }}</h1>{% personalize_product product %}{% personalize_script %}"
    return HttpResponse(Template(source).render(Context({"request": request, "product": product})))


def found(request: HttpRequest) -> HttpResponse:
    source = PAGE + "{% personalize_search 'red mug' 2 %}{% personalize_script %}"
    return HttpResponse(Template(source).render(Context({"request": request})))


def layered(request: HttpRequest) -> HttpResponse:
    product = Product.objects.filter(pk=request.GET.get("product", 0)).first()
    named = "{% if product %}{% personalize_product product %}{% endif %}"
    named += "{% if term %}{% personalize_search term 2 %}{% endif %}"
    source = f'{PAGE}<script src="/layer.js"></script>{named}{{% personalize_script datalayer=True %}}'
    context = Context({"request": request, "product": product, "term": request.GET.get("term")})
    return HttpResponse(Template(source).render(context))


def layer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(LAYER, content_type="text/javascript")


urlpatterns = [
    path("cached/<int:pk>/", cache_page(300)(cached)),
    path("found/", found),
    path("layered/", layered),
    path("layer.js", layer),
    *served,
]
