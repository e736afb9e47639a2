"""Looking around: home, categories, collections, search, product pages and pictures."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_safe

from example_shop.shop import catalogue, pictures
from example_shop.shop.models import Category, Collection, Product
from example_shop.shop.models.catalogue import ProductQuerySet

PER_PAGE = 24
IN_ROW = 10
YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    on_sale = Product.objects.visible().in_stock().for_cards()
    return render(
        request,
        "shop/home.html",
        {
            "new_arrivals": on_sale.order_by("-created", "-pk")[:IN_ROW],
            "reduced": on_sale.reduced().order_by("-times_ordered")[:IN_ROW],
            "covers": catalogue.with_covers(Category.objects.all()),
        },
    )


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Category, slug=slug)
    return _listing(request, Product.objects.filter(category=shown), {"category": shown, "heading": shown.name})


@require_safe
def collection(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Collection, slug=slug)
    return _listing(request, Product.objects.filter(collection=shown), {"collection": shown, "heading": shown.name})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = catalogue.search(query)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "shop/search.html", {"query": query, "page": page, "products": page.object_list})


def _listing(request: HttpRequest, products: ProductQuerySet, context: dict[str, Any]) -> HttpResponse:
    by = request.GET.get("sort")
    by = by if by in catalogue.SORTS else next(iter(catalogue.SORTS))
    products = catalogue.sort(products.visible().for_cards(), by)
    page = Paginator(products, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "shop/listing.html",
        {"page": page, "products": page.object_list, "sorts": catalogue.SORTS, "sort": by, **context},
    )


@require_safe
def product(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """A product that nobody may see is not found; an old name in the address leads to the present one."""
    shown = get_object_or_404(Product.objects.visible().select_related("category", "collection"), pk=pk)
    if slug != shown.slug:
        return redirect(shown, permanent=True)
    more = Product.objects.visible().in_stock().for_cards().filter(category=shown.category).exclude(pk=pk)
    return render(
        request,
        "shop/product.html",
        {"product": shown, "more": more.order_by("-times_ordered")[:IN_ROW]},
    )


def _picture_version(request: HttpRequest, code: str) -> str | None:
    name = Product.objects.filter(code=code).values_list("name", flat=True).first()
    return name and f'"{pictures.version(code, name)}"'


@require_safe
@condition(etag_func=_picture_version)
def picture(request: HttpRequest, code: str) -> HttpResponse:
    """The address that pages use carries the picture's version, so it may be kept for a year."""
    shown = get_object_or_404(Product.objects.select_related("category"), code=code)
    response = HttpResponse(pictures.picture(shown.code, shown.name, shown.category.name), content_type="image/svg+xml")
    if request.GET.get("v") == pictures.version(shown.code, shown.name):
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=300)
    return response
