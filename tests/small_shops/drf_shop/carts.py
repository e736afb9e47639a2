from __future__ import annotations

from django.http import HttpRequest

from tests.small_shops.drf_shop.models import Cart


def find(request: HttpRequest) -> Cart | None:
    """The cart of this session."""
    return Cart.objects.filter(pk=request.session.get("cart_id")).first()


def get_or_new(request: HttpRequest) -> Cart:
    cart = find(request)
    if cart is None:
        cart = Cart.objects.create(user=request.user if request.user.is_authenticated else None)
        request.session["cart_id"] = cart.pk
    elif request.user.is_authenticated and cart.user is None:
        cart.user = request.user
        cart.save()
    return cart


def contents(request: HttpRequest) -> list[tuple[int, int]]:
    """(product id, 1) of each product in the cart, which knows no quantities."""
    cart = find(request)
    return [] if cart is None else [(pk, 1) for pk in cart.products.order_by("pk").values_list("pk", flat=True)]
