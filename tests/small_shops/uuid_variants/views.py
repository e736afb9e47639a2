from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import DetailView, ListView

from tests.small_shops.uuid_variants.models import Order, OrderLine, Payment, Product, Variant


class OutOfStock(Exception):
    pass


class Home(ListView):
    queryset = Product.objects.filter(published=True).order_by("name")
    template_name = "uuid_variants/list.html"


class Search(Home):
    paginate_by = 20

    def get_queryset(self):
        query = self.request.GET.get("query", "")
        return super().get_queryset().filter(Q(name__icontains=query) | Q(brand__icontains=query))


class ProductPage(DetailView):
    queryset = Product.objects.filter(published=True).prefetch_related("variants")
    template_name = "uuid_variants/product.html"


def _lines(request: HttpRequest) -> list[dict[str, Any]]:
    return request.session.get("store", {}).get("cart", [])


def _keep(request: HttpRequest, lines: list[dict[str, Any]]) -> HttpResponse:
    request.session["store"] = {**request.session.get("store", {}), "cart": lines}
    return redirect("uuid_variants:cart")


def cart(request: HttpRequest) -> HttpResponse:
    return render(request, "uuid_variants/cart.html", {"lines": _lines(request)})


@require_POST
def add(request: HttpRequest, variant_id: UUID) -> HttpResponse:
    lines, variant = _lines(request), get_object_or_404(Variant, pk=variant_id)
    for line in lines:
        if line["variant"] == str(variant.pk):
            line["count"] += 1
            break
    else:
        lines = [*lines, {"variant": str(variant.pk), "count": 1, "gift": False}]
    return _keep(request, lines)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """All quantities at once, as a form set would."""
    lines = [{**line, "count": int(request.POST.get(line["variant"], line["count"]))} for line in _lines(request)]
    return _keep(request, [line for line in lines if line["count"] > 0])


@require_POST
@transaction.atomic
def check_out(request: HttpRequest) -> HttpResponse:
    order = Order.objects.create(
        user=request.user if request.user.is_authenticated else None, email=request.POST["email"]
    )
    total = 0
    for line in _lines(request):
        variant = Variant.objects.select_for_update().get(pk=line["variant"])
        if variant.stock < line["count"]:
            raise OutOfStock(variant)
        variant.stock = F("stock") - line["count"]
        variant.save(update_fields=["stock"])
        variant.refresh_from_db()
        OrderLine.objects.create(order=order, variant=variant, qty=line["count"], unit_price=variant.price)
        total += variant.price * line["count"]
    Payment.objects.create(order=order, amount=total)
    request.session["store"] = {"cart": []}
    return redirect("uuid_variants:cart")


@csrf_exempt
@require_POST
def payment_told(request: HttpRequest) -> HttpResponse:
    """The provider tells how a payment went. A failed one is tried again under a new row."""
    told = json.loads(request.body)
    payment = get_object_or_404(Payment, order_id=told["order"], status="P")
    payment.status = told["status"]
    payment.save()
    if payment.status == "F":
        Payment.objects.create(order=payment.order, amount=payment.amount)
    return HttpResponse("ok")


@require_POST
def take_back(request: HttpRequest, line_id: int) -> HttpResponse:
    """The warehouse books how many pieces of a line have come back so far."""
    line = get_object_or_404(OrderLine, pk=line_id)
    line.returned_qty = int(request.POST["pieces"])
    line.returned_at = timezone.now() if line.returned_qty else None
    line.save()
    return HttpResponse("booked")
