"""Basket and checkout."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from example_shop.shop.basket import Basket, BasketLine, total
from example_shop.shop.checkout import OutOfStock, place
from example_shop.shop.forms import CheckoutForm, QuantityForm
from example_shop.shop.models import Order, Product

GUEST_ORDERS = "orders"  # in the session: numbers of orders that this browser placed


@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    lines = _lines_with_notice(request)
    return render(request, "shop/basket.html", {"lines": lines, "total": total(lines)})


@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product.objects.visible(), pk=pk)
    current = Basket(request.session)
    room = product.stock - current.quantities().get(pk, 0)
    wanted = max(1, QuantityForm(request.POST).wanted())
    if room <= 0:
        text = (
            _("“%(name)s” is sold out.") if product.stock == 0 else _("All there is of “%(name)s” is in your basket.")
        )
        messages.warning(request, text % {"name": product.name})
    else:
        current.add(product, min(wanted, room))
        text = _("“%(name)s” is in your basket.")
        if wanted > room:
            text = _("Only %(count)d more of “%(name)s” could be put in your basket.")
        messages.success(request, text % {"name": product.name, "count": room})
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("shop:basket")
    return redirect(back)


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the quantity of one product in the basket; 0 takes it out. Nonsense changes nothing."""
    current = Basket(request.session)
    if pk in current.quantities():
        current.set(pk, QuantityForm(request.POST).wanted(default=current.quantities()[pk]))
    return redirect("shop:basket")


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    Basket(request.session).set(pk, 0)
    return redirect("shop:basket")


@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    lines = _lines_with_notice(request)
    buyable = [line for line in lines if line.quantity]
    if not buyable or any(line.is_short for line in lines):
        return redirect("shop:basket")
    user = request.user if request.user.is_authenticated else None
    form = CheckoutForm(request.POST or None, initial=_known_details(user))
    if request.method == "POST" and form.is_valid():
        try:
            order = place(buyable, form.cleaned_data, user)
        except OutOfStock as short:
            messages.error(
                request,
                _("Nothing was ordered: there is not enough of “%(name)s” any more.") % {"name": short.product.name},
            )
            return redirect("shop:basket")
        Basket(request.session).clear()
        request.session[GUEST_ORDERS] = [*request.session.get(GUEST_ORDERS, []), order.number][-20:]
        messages.success(request, _("Thank you! Your order has been placed."))
        return redirect(order)
    return render(request, "shop/checkout.html", {"form": form, "lines": buyable, "total": total(buyable)})


def _known_details(user: Any) -> dict[str, Any]:
    """What an account's last order says, so that nobody types an address twice."""
    if user is None:
        return {}
    known = {"email": user.email, "name": user.get_full_name()}
    last = Order.objects.filter(user=user).exclude(address="").first()
    if last:
        known |= {key: getattr(last, key) for key in ("name", "address", "city", "postcode", "country")}
    return known


def _lines_with_notice(request: HttpRequest) -> list[BasketLine]:
    """The basket's lines; what vanished from the shop is taken out of the basket and mentioned once."""
    current = Basket(request.session)
    lines = current.lines()
    if len(lines) < len(current.quantities()):
        current.keep(line.product.pk for line in lines)
        messages.warning(request, _("Something in your basket is no longer sold, and was taken out of it."))
    return lines
