from __future__ import annotations

import json
from time import time
from urllib.parse import unquote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from tests.small_shops.cookie_shop.models import Customer, Order, OrderItem, Product


def cookie_cart(request: HttpRequest) -> dict[str, dict[str, int]]:
    """What the script wrote, percent-encoded: {product id: {"quantity": 2}}."""
    try:
        return json.loads(unquote(request.COOKIES["cart"]))
    except (KeyError, ValueError):
        return {}


def cart_count(request: HttpRequest) -> int:
    if not request.user.is_authenticated:
        return sum(entry["quantity"] for entry in cookie_cart(request).values())
    customer, _ = Customer.objects.get_or_create(user=request.user, defaults={"name": request.user.username})
    order, _ = Order.objects.get_or_create(customer=customer, complete=False)
    return sum(line.quantity for line in order.orderitem_set.all())


def store(request: HttpRequest) -> HttpResponse:
    context = {"products": Product.objects.all(), "count": cart_count(request)}
    return render(request, "cookie_shop/store.html", context)


def cart(request: HttpRequest) -> HttpResponse:
    return render(request, "cookie_shop/cart.html", {"count": cart_count(request)})


@login_required
def update_item(request: HttpRequest) -> JsonResponse:
    data = json.loads(request.body)
    customer = request.user.customer
    order, _ = Order.objects.get_or_create(customer=customer, complete=False)
    line, _ = OrderItem.objects.get_or_create(order=order, product_id=data["productId"])
    line.quantity += 1 if data["action"] == "add" else -1
    line.save()
    if line.quantity <= 0:
        line.delete()
    return JsonResponse("Item was added", safe=False)


def process_order(request: HttpRequest) -> JsonResponse:
    data = json.loads(request.body)
    if request.user.is_authenticated:
        order, _ = Order.objects.get_or_create(customer=request.user.customer, complete=False)
    else:
        customer, _ = Customer.objects.get_or_create(email=data["email"], defaults={"name": data["name"]})
        order = Order.objects.create(customer=customer, complete=False)
        for key, entry in cookie_cart(request).items():
            OrderItem.objects.create(order=order, product_id=key, quantity=entry["quantity"])
    order.transaction_id = str(time())
    if float(data["total"]) == order.get_cart_total:
        order.complete = True
    order.save()
    return JsonResponse("Payment submitted", safe=False)
