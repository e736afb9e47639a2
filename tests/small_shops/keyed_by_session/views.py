from __future__ import annotations

import json

from django.contrib import auth
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from tests.small_shops.keyed_by_session.models import (
    Cart,
    CartItem,
    Category,
    Order,
    OrderProduct,
    Payment,
    Product,
    Variation,
)


def _cart_id(request: HttpRequest) -> str:
    if not request.session.session_key:
        request.session.create()
    return request.session.session_key


def _cart_items(request: HttpRequest):
    if request.user.is_authenticated:
        return CartItem.objects.filter(user=request.user, is_active=True)
    return CartItem.objects.filter(cart__cart_id=_cart_id(request), is_active=True)


def store(request: HttpRequest, category_slug: str | None = None) -> HttpResponse:
    products = Product.objects.order_by("id")
    if category_slug is not None:
        products = products.filter(category=get_object_or_404(Category, slug=category_slug))
    return render(request, "keyed_by_session/store.html", {"products": products, "count": products.count()})


def search(request: HttpRequest) -> HttpResponse:
    keyword = request.GET.get("keyword", "")
    products = Product.objects.filter(product_name__icontains=keyword) if keyword else Product.objects.none()
    return render(request, "keyed_by_session/store.html", {"products": products, "count": products.count()})


def product_detail(request: HttpRequest, category_slug: str, product_slug: str) -> HttpResponse:
    product = get_object_or_404(Product, category__slug=category_slug, slug=product_slug)
    in_cart = _cart_items(request).filter(product=product).exists()
    return render(request, "keyed_by_session/product.html", {"product": product, "in_cart": in_cart})


def add_cart(request: HttpRequest, product_id: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=product_id)
    chosen = list(Variation.objects.filter(product=product, variation_value__in=request.POST.values()))
    for item in _cart_items(request).filter(product=product):
        if list(item.variations.all()) == chosen:
            item.quantity += 1
            item.save()
            return redirect("cart")
    if request.user.is_authenticated:
        item = CartItem.objects.create(product=product, quantity=1, user=request.user)
    else:
        cart, _ = Cart.objects.get_or_create(cart_id=_cart_id(request))
        item = CartItem.objects.create(product=product, quantity=1, cart=cart)
    item.variations.add(*chosen)
    return redirect("cart")


def remove_cart(request: HttpRequest, product_id: int, cart_item_id: int) -> HttpResponse:
    """The minus sign: a link."""
    item = get_object_or_404(_cart_items(request), product_id=product_id, id=cart_item_id)
    if item.quantity > 1:
        item.quantity -= 1
        item.save()
    else:
        item.delete()
    return redirect("cart")


def remove_cart_item(request: HttpRequest, product_id: int, cart_item_id: int) -> HttpResponse:
    get_object_or_404(_cart_items(request), product_id=product_id, id=cart_item_id).delete()
    return redirect("cart")


def cart(request: HttpRequest) -> HttpResponse:
    return render(request, "keyed_by_session/cart.html", {"cart_items": _cart_items(request)})


def login(request: HttpRequest) -> HttpResponse:
    user = auth.authenticate(username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return redirect("store")
    for item in CartItem.objects.filter(cart__cart_id=_cart_id(request)):
        same = [
            other
            for other in CartItem.objects.filter(user=user, product=item.product)
            if list(other.variations.all()) == list(item.variations.all())
        ]
        if same:
            same[0].quantity += item.quantity
            same[0].save()
            item.delete()
        else:
            item.user = user
            item.save()
    auth.login(request, user)
    return redirect("cart")


def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("store")


@login_required(login_url="login")
def place_order(request: HttpRequest) -> HttpResponse:
    items = _cart_items(request)
    order = Order(user=request.user, email=request.POST["email"], ip=request.META["REMOTE_ADDR"])
    order.order_total = sum(item.product.price * item.quantity for item in items)
    order.save()
    order.order_number = f"{timezone.now():%Y%m%d}{order.id}"
    order.save()
    return render(request, "keyed_by_session/payments.html", {"order": order, "cart_items": items})


@login_required(login_url="login")
def payments(request: HttpRequest) -> JsonResponse:
    """The script of the payment provider's button posts here once the money is there."""
    body = json.loads(request.body)
    order = Order.objects.get(user=request.user, is_ordered=False, order_number=body["orderID"])
    payment = Payment.objects.create(
        user=request.user, payment_id=body["transID"], amount_paid=order.order_total, status=body["status"]
    )
    order.is_ordered = True
    order.save()
    for item in _cart_items(request):
        line = OrderProduct.objects.create(
            order=order,
            payment=payment,
            user=request.user,
            product=item.product,
            quantity=item.quantity,
            product_price=item.product.price,
            ordered=True,
        )
        line.variations.set(item.variations.all())
        line.save()
        product = Product.objects.get(id=item.product_id)
        product.stock -= item.quantity
        product.save()
    _cart_items(request).delete()
    return JsonResponse({"order_number": order.order_number, "transID": payment.payment_id})
