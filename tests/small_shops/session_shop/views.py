from __future__ import annotations

import json

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tests.small_shops.session_shop.cart import Cart
from tests.small_shops.session_shop.models import Category, Order, OrderItem, Product


def product_list(request: HttpRequest, category_slug: str | None = None) -> HttpResponse:
    category, products = None, Product.objects.filter(available=True)
    if category_slug is not None:
        category = get_object_or_404(Category, slug=category_slug)
        products = products.filter(category=category)
    return render(request, "session_shop/list.html", {"category": category, "products": products})


def product_detail(request: HttpRequest, id: int, slug: str) -> HttpResponse:
    product = get_object_or_404(Product, id=id, slug=slug, available=True)
    return render(request, "session_shop/detail.html", {"product": product})


async def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    found = Product.objects.filter(available=True, name__icontains=query)
    products = [product async for product in found] if query else []
    return await sync_to_async(render)(request, "session_shop/list.html", {"query": query, "products": products})


def cart_detail(request: HttpRequest) -> HttpResponse:
    return render(request, "session_shop/cart.html")


@require_POST
def cart_add(request: HttpRequest, product_id: int) -> HttpResponse:
    product = get_object_or_404(Product, id=product_id)
    quantity = int(request.POST.get("quantity", 1))
    Cart(request).add(product, quantity, replace=request.POST.get("override") == "True")
    return redirect("session_shop:cart_detail")


@require_POST
def cart_remove(request: HttpRequest, product_id: int) -> HttpResponse:
    Cart(request).remove(get_object_or_404(Product, id=product_id))
    return redirect("session_shop:cart_detail")


def order_create(request: HttpRequest) -> HttpResponse:
    cart = Cart(request)
    if request.method != "POST":
        return render(request, "session_shop/checkout.html")
    order = Order.objects.create(
        **{name: request.POST[name] for name in ("first_name", "last_name", "email", "address")}
    )
    for entry in cart:
        OrderItem.objects.create(
            order=order, product=entry["product"], price=entry["price"], quantity=entry["quantity"]
        )
    cart.clear()
    request.session["order_id"] = order.id
    return render(request, "session_shop/created.html", {"order": order})


@csrf_exempt
@require_POST
def payment_webhook(request: HttpRequest) -> HttpResponse:
    """The payment provider calls: a server, without session or cookie."""
    told = json.loads(request.body)
    order = get_object_or_404(Order, id=told["reference"])
    if told["type"] == "payment.succeeded":
        order.paid, order.payment_id = True, told["id"]
    elif told["type"] == "payment.refunded":
        order.refunded = True
    elif told["type"] == "refund.failed":
        order.refunded = False
    order.save()
    return HttpResponse(status=200)
