from __future__ import annotations

from collections.abc import Callable, Iterator

from django.contrib.auth import get_user_model
from django.test import Client

from tests.small_shops.opening import Sold, Step
from tests.small_shops.order_is_cart.models import Item, Order


def names() -> dict[str, str]:
    return {str(item.pk): item.title for item in Item.objects.all()}


def sold() -> list[Sold]:
    orders = Order.objects.filter(ordered=True)
    return [
        (order.pk, line.quantity, line.quantity * order.refund_granted)
        for order in orders
        for line in order.items.all()
    ]


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    shirt = Item.objects.get(title="Linen shirt")
    client.get("/")
    client.get(shirt.get_absolute_url())
    yield Step("opens a product", (("view_item", "Linen shirt", None),))
    client.get("/add-to-cart/linen-shirt/")
    yield Step("is asked to log in first")
    client.post("/login/", {"username": "member0", "password": "pw"}, follow=True)
    yield Step("logs in", (("login", "", None),))
    for _ in range(2):
        client.get("/add-to-cart/linen-shirt/", follow=True)
        yield Step("adds one, by a link", (("add_to_cart", "Linen shirt", 1),))
    client.get("/add-to-cart/coat/", follow=True)
    yield Step("adds another", (("add_to_cart", "Rain coat", 1),))
    client.get("/remove-item-from-cart/linen-shirt/", follow=True)
    yield Step("wants one less", (("remove_from_cart", "Linen shirt", 1),))
    client.get("/remove-from-cart/coat/", follow=True)
    yield Step("takes one out", (("remove_from_cart", "Rain coat", 1),))
    client.get("/add-to-cart/linen-shirt/", follow=True)
    yield Step("adds again", (("add_to_cart", "Linen shirt", 1),))
    client.post("/payment/", follow=True)
    yield Step("pays", (("purchase", "Linen shirt", 2),))
    order = Order.objects.latest("pk")
    client.post("/request-refund/", {"ref_code": order.ref_code}, follow=True)
    yield Step("asks for the money back")
    get_user_model().objects.create_superuser("boss", password="pw")
    staff = Client()
    staff.post("/admin/login/", {"username": "boss", "password": "pw"})
    chosen = {"action": "make_refund_accepted", "_selected_action": [order.pk]}
    staff.post("/admin/order_is_cart/order/", chosen)
    assert Order.objects.get(pk=order.pk).refund_granted
    yield Step("gets it, by an update that no signal tells of")
    sync()
    yield Step("the night comes", (("refund", "Linen shirt", 2),))
    form = {"user": order.user_id, "items": [line.pk for line in order.items.all()], "ordered": "on"}
    form |= {"ref_code": order.ref_code, "ordered_date_0": "2026-03-01", "ordered_date_1": "12:00:00"}
    staff.post(f"/admin/order_is_cart/order/{order.pk}/change/", form)
    assert not Order.objects.get(pk=order.pk).refund_granted
    yield Step("it was a mistake", went=(("refund", "Linen shirt", 2),))
