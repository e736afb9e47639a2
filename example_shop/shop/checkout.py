"""Placing and cancelling orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from .basket import BasketLine
from .models import Order, OrderLine, Product


class OutOfStock(Exception):
    """Somebody else took the last ones between the basket and the order."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.name)
        self.product = product


class NotCancellable(Exception):
    """The order was sent or cancelled before."""


@transaction.atomic
def place(lines: Sequence[BasketLine], details: Mapping[str, Any], user: Any = None) -> Order:
    """Place an order of these lines, or of none of them.

    Stock is taken with a condition in the update itself, so that two orders never get the same last piece. Products
    are taken in the order of their keys, so that two orders of the same products never wait for each other.
    """
    if not lines:
        raise ValueError("an order needs at least one line")
    for line in sorted(lines, key=lambda line: line.product.pk):
        on_sale = Product.objects.filter(pk=line.product.pk, is_visible=True, stock__gte=line.quantity)
        taken = line.quantity > 0 and on_sale.update(
            stock=F("stock") - line.quantity, times_ordered=F("times_ordered") + 1
        )
        if not taken:
            raise OutOfStock(line.product)
    order = Order.objects.create(user=user, **details)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=line.product,
            quantity=line.quantity,
            unit_price=line.product.price,
            list_price=line.product.was_price if line.product.is_reduced else None,
        )
        for line in lines
    )
    return order


@transaction.atomic
def cancel(order: Order) -> Order:
    """Cancel an order that has not been sent, and put back what has not come back already."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if not order.can_be_cancelled:
        raise NotCancellable(order.number)
    order.status = Order.Status.CANCELLED
    order.cancelled_at = timezone.now()
    order.save(update_fields=["status", "cancelled_at"])
    for line in order.lines.order_by("product_id"):
        back = line.quantity - line.returned_quantity
        Product.objects.filter(pk=line.product_id).update(stock=F("stock") + back)
    return order
