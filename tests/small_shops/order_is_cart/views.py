from __future__ import annotations

from secrets import token_hex

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.generic import DetailView, ListView, View

from tests.small_shops.order_is_cart.models import Item, Order, OrderItem


class HomeView(ListView):
    model = Item
    ordering = ["pk"]
    paginate_by = 10
    template_name = "order_is_cart/home.html"


class ItemDetailView(DetailView):
    model = Item
    template_name = "order_is_cart/product.html"


def first_of(slug: str) -> Item:
    """Two items may have the same slug; the links of the cart take the older one."""
    item = Item.objects.filter(slug=slug).order_by("pk").first()
    return item if item is not None else get_object_or_404(Item, slug=slug)


@login_required
def add_to_cart(request: HttpRequest, slug: str) -> HttpResponse:
    line, _ = OrderItem.objects.get_or_create(item=first_of(slug), user=request.user, ordered=False)
    order = Order.objects.filter(user=request.user, ordered=False).first()
    if order is None:
        order = Order.objects.create(user=request.user, ordered_date=timezone.now())
        order.items.add(line)
    elif order.items.filter(pk=line.pk).exists():
        line.quantity += 1
        line.save()
    else:
        order.items.add(line)
    messages.info(request, "Your cart was updated.")
    return redirect("order_is_cart:summary")


@login_required
def remove_from_cart(request: HttpRequest, slug: str) -> HttpResponse:
    order = Order.objects.filter(user=request.user, ordered=False).first()
    line = order and order.items.filter(item=first_of(slug)).first()
    if order and line:
        order.items.remove(line)
        line.delete()
    return redirect("order_is_cart:summary")


@login_required
def remove_single_item(request: HttpRequest, slug: str) -> HttpResponse:
    order = Order.objects.filter(user=request.user, ordered=False).first()
    line = order and order.items.filter(item=first_of(slug)).first()
    if order and line:
        if line.quantity > 1:
            line.quantity -= 1
            line.save()
        else:
            order.items.remove(line)
    return redirect("order_is_cart:summary")


class OrderSummaryView(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        order = Order.objects.filter(user=request.user, ordered=False).first()
        return render(request, "order_is_cart/summary.html", {"order": order})


class PaymentView(LoginRequiredMixin, View):
    def post(self, request: HttpRequest) -> HttpResponse:
        order = get_object_or_404(Order, user=request.user, ordered=False)
        lines = order.items.all()
        lines.update(ordered=True)
        for line in lines:
            line.save()
        order.ordered = True
        order.ordered_date = timezone.now()
        order.ref_code = token_hex(10)
        order.save()
        return redirect("order_is_cart:home")


class RequestRefundView(LoginRequiredMixin, View):
    def post(self, request: HttpRequest) -> HttpResponse:
        order = get_object_or_404(Order, user=request.user, ref_code=request.POST["ref_code"])
        order.refund_requested = True
        order.save()
        return redirect("order_is_cart:home")
