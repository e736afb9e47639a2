"""Accounts and their orders."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from example_shop.shop.checkout import NotCancellable, cancel
from example_shop.shop.forms import RegisterForm
from example_shop.shop.models import Order

from .buying import GUEST_ORDERS

ORDERS_PER_PAGE = 12


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("shop:account")
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        login(request, user)
        messages.success(request, _("Welcome! Your account is ready."))
        return redirect("shop:account")
    return render(request, "shop/register.html", {"form": form})


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    orders = Order.objects.filter(user=request.user).with_totals().order_by("-placed_at", "-pk")
    page = Paginator(orders, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "shop/account.html", {"page": page})


@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    shown = _own_order(request, number)
    lines = list(shown.lines.select_related("product__collection"))
    total = sum(line.amount for line in lines)
    return render(request, "shop/order.html", {"order": shown, "lines": lines, "total": total})


@require_POST
def cancel_order(request: HttpRequest, number: str) -> HttpResponse:
    shown = _own_order(request, number)
    try:
        cancel(shown)
    except NotCancellable:
        messages.error(request, _("This order can no longer be cancelled."))
    else:
        messages.success(request, _("The order is cancelled."))
    return redirect(shown)


def _own_order(request: HttpRequest, number: str) -> Order:
    """An order of this account, or one that a guest placed with this browser; anybody else's does not exist."""
    found = Order.objects.filter(number=number).first()
    if found is not None:
        if request.user.is_authenticated and found.user_id == request.user.pk:
            return found
        if found.user_id is None and number in request.session.get(GUEST_ORDERS, []):
            return found
    raise Http404
