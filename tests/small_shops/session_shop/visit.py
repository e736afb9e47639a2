from __future__ import annotations

from collections.abc import Callable, Iterator

from django.test import Client

from tests.small_shops.opening import Sold, Step
from tests.small_shops.session_shop.models import Order, OrderItem, Product

ADDRESS = {"first_name": "Mia", "last_name": "Guest", "email": "mia@example.com", "address": "1 Street"}


def names() -> dict[str, str]:
    return {str(product.pk): product.name for product in Product.objects.all()}


def sold() -> list[Sold]:
    lines = OrderItem.objects.filter(order__paid=True)
    return [(line.order_id, line.quantity, line.quantity * line.order.refunded) for line in lines]


def pay(kind: str, order: Order) -> None:
    """The provider's server calls: no session, no cookie."""
    Client().post(
        "/payment/webhook/", {"type": kind, "reference": order.pk, "id": "pi_1"}, content_type="application/json"
    )


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    lamp, lantern = Product.objects.get(name="Lamp"), Product.objects.get(name="Lantern")
    client.get("/")
    client.get("/light/")
    yield Step("looks around")
    client.get(lamp.get_absolute_url())
    yield Step("opens a product", (("view_item", "Lamp", None),))
    client.get("/search/?q=la")
    yield Step("searches", (("search", "la", None),))
    for _ in range(2):
        client.post(f"/cart/add/{lamp.pk}/", {"quantity": 1}, follow=True)
        yield Step("adds one", (("add_to_cart", "Lamp", 1),))
    client.post(f"/cart/add/{lamp.pk}/", {"quantity": 5, "override": "True"}, follow=True)
    yield Step("wants five", (("add_to_cart", "Lamp", 3),))
    client.post(f"/cart/add/{lamp.pk}/", {"quantity": 2, "override": "True"}, follow=True)
    yield Step("wants two", (("remove_from_cart", "Lamp", 3),))
    client.post(f"/cart/add/{lantern.pk}/", {"quantity": 1}, follow=True)
    yield Step("adds another", (("add_to_cart", "Lantern", 1),))
    client.post(f"/cart/remove/{lantern.pk}/", follow=True)
    yield Step("takes it out", (("remove_from_cart", "Lantern", 1),))
    client.get("/orders/create/")
    client.post("/orders/create/", ADDRESS)
    client.get("/")
    yield Step("orders, and has not paid yet")
    order = Order.objects.latest("pk")
    pay("payment.succeeded", order)
    yield Step("paid", (("purchase", "Lamp", 2),))
    pay("payment.succeeded", order)
    client.get("/")
    yield Step("told again")
    pay("payment.refunded", order)
    yield Step("gets the money back", (("refund", "Lamp", 2),))
    pay("refund.failed", order)
    yield Step("does not after all", went=(("refund", "Lamp", 2),))
