from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tests.small_shops.order_is_cart.models import Item, Order, OrderItem


@admin.action(description="Grant the refund")
def make_refund_accepted(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> None:
    queryset.update(refund_requested=False, refund_granted=True)


class OrderAdmin(admin.ModelAdmin):
    list_display = ["user", "ordered", "refund_requested", "refund_granted"]
    actions = [make_refund_accepted]


site = admin.AdminSite(name="order_is_cart_admin")
site.register(Item)
site.register(OrderItem)
site.register(Order, OrderAdmin)
