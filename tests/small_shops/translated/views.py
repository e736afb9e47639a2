from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.sites.shortcuts import get_current_site
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from tests.small_shops.translated.models import Order, Poster, SoldPoster


def _posters(request: HttpRequest):
    return Poster.objects.filter(site=get_current_site(request), active=True)


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "translated/list.html", {"posters": _posters(request)})


def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("search", "")
    language = request.LANGUAGE_CODE
    found = _posters(request).filter(translations__language_code=language, translations__name__icontains=query)
    return render(request, "translated/list.html", {"posters": found})


def poster(request: HttpRequest, slug: str) -> HttpResponse:
    language = request.LANGUAGE_CODE
    found = get_object_or_404(_posters(request), translations__slug=slug, translations__language_code=language)
    return render(request, "translated/poster.html", {"poster": found})


@require_POST
def put(request: HttpRequest, code: str) -> HttpResponse:
    """The cart is a list of codes, one per piece."""
    request.session["cart"] = [*request.session.get("cart", []), get_object_or_404(_posters(request), pk=code).pk]
    return redirect("translated:home")


@require_POST
def drop(request: HttpRequest, code: str) -> HttpResponse:
    kept = list(request.session.get("cart", []))
    if code in kept:
        kept.remove(code)
    request.session["cart"] = kept
    return redirect("translated:home")


@require_POST
def check_out(request: HttpRequest) -> HttpResponse:
    site = get_current_site(request)
    with transaction.atomic():
        order = Order.objects.create(
            number=f"{site.pk}-{Order.objects.count() + 1000}",
            user=request.user if request.user.is_authenticated else None,
            site=site,
            currency="EUR" if site.domain == "testserver" else "GBP",
        )
        SoldPoster.objects.bulk_create(
            SoldPoster(order=order, poster=poster, price=poster.price)
            for poster in (Poster.objects.get(pk=code) for code in request.session.get("cart", []))
        )
    request.session["cart"] = []
    return redirect("translated:home")


@login_required(login_url="translated:login")
@require_POST
def cancel_piece(request: HttpRequest, number: str, code: str) -> HttpResponse:
    piece = SoldPoster.objects.filter(
        order__number=number, order__user=request.user, poster=code, cancelled=bool(request.POST.get("undo"))
    ).first()
    if piece is not None:
        piece.cancelled = not piece.cancelled
        piece.save()
    return redirect("translated:home")
