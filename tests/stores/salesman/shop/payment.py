"""The three ways in which a salesman order comes into being: paid for at the door, ahead, or by a provider's call."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from salesman.checkout.payment import PaymentMethod
from salesman.core.utils import get_salesman_model

Basket = get_salesman_model("Basket")
Order = get_salesman_model("Order")


def receipt(order) -> str:
    return f"{reverse('salesman-order-last')}?token={order.token}"


class PayOnDelivery(PaymentMethod):
    identifier = "on-delivery"
    label = "Pay on delivery"

    def basket_payment(self, basket, request):
        order = Order.objects.create_from_basket(basket, request, status="PROCESSING")
        basket.delete()
        return receipt(order)


class PayInAdvance(PaymentMethod):
    """The goods are laid aside until the money is there; somebody in the office notes its arrival."""

    identifier = "in-advance"
    label = "Pay in advance"

    def basket_payment(self, basket, request):
        order = Order.objects.create_from_basket(basket, request, status="HOLD")
        basket.delete()
        return receipt(order)

    def refund_payment(self, payment):
        return True


class PayByCard(PaymentMethod):
    """The order gets its number at the checkout and its lines when the provider reports the payment."""

    identifier = "card"
    label = "Card"

    def get_urls(self):
        return [path("paid/", csrf_exempt(require_POST(self.paid)), name="card-paid")]

    def basket_payment(self, basket, request):
        order = Order.objects.create_from_request(request, user=basket.user)
        order.extra["basket"] = basket.pk
        order.save(update_fields=["extra"])
        return f"https://provider.example/pay/?ref={order.ref}"

    def refund_payment(self, payment):
        return True

    def paid(self, request):
        """Called by the provider's server: it has no session and no cookies of the shopper."""
        order = Order.objects.get(ref=request.POST["ref"])
        basket = Basket.objects.get(pk=order.extra.pop("basket"))
        order.populate_from_basket(basket, request, status="PROCESSING")
        basket.delete()
        order.pay(order.total, request.POST["transaction"], self.identifier)
        return HttpResponse("noted")
