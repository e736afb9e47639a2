from __future__ import annotations

from collections.abc import Callable, Iterator

from django.test import Client

from tests.small_shops.opening import Sold, Step
from tests.small_shops.uuid_variants.models import Order, Payment, Product, Variant


def names() -> dict[str, str]:
    products = {str(product.pk): product.name for product in Product.objects.all()}
    return products | {str(variant.pk): variant.size for variant in Variant.objects.all()}


def sold() -> list[Sold]:
    return [
        (line.order_id, line.qty, line.qty if line.order.status == "cancelled" else line.returned_qty)
        for payment in Payment.objects.filter(status="C")
        for line in payment.order.lines.all()
    ]


def provider(order: Order, status: str) -> None:
    Client().post("/payments/told/", {"order": str(order.pk), "status": status}, content_type="application/json")


def returned(order: Order, size: str, pieces: int) -> None:
    """The warehouse's own browser books it."""
    line = order.lines.get(variant__size=size)
    Client().post(f"/warehouse/lines/{line.pk}/returned/", {"pieces": pieces})


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    boots = Product.objects.get(name="Hiking boots")
    small, large = Variant.objects.get(product=boots, size="41"), Variant.objects.get(product=boots, size="42")
    client.get("/")
    client.get(boots.get_absolute_url())
    yield Step("opens a product", (("view_item", "Hiking boots", None),))
    client.get("/search/?query=Regent")
    yield Step("searches", (("search", "Regent", 2),))
    for _ in range(2):
        client.post(f"/cart/add/{small.pk}/", follow=True)
        yield Step("adds a size", (("add_to_cart", "Hiking boots/41", 1),))
    client.post(f"/cart/add/{large.pk}/", follow=True)
    yield Step("adds another size", (("add_to_cart", "Hiking boots/42", 1),))
    client.post("/cart/change/", {str(small.pk): 3, str(large.pk): 2}, follow=True)
    yield Step("wants more of both", (("add_to_cart", "Hiking boots/41", 1), ("add_to_cart", "Hiking boots/42", 1)))
    client.post("/login/", {"username": "member", "password": "pw"})
    client.get("/cart/")
    yield Step("logs in, and keeps the cart", (("login", "", None),))
    client.post("/cart/change/", {str(small.pk): 0}, follow=True)
    yield Step("takes one size out", (("remove_from_cart", "Hiking boots/41", 3),))
    client.post(f"/cart/add/{small.pk}/", follow=True)
    yield Step("and one in again", (("add_to_cart", "Hiking boots/41", 1),))
    client.post("/check-out/", {"email": "mia@example.com"}, follow=True)
    yield Step("orders, and has not paid yet")
    order = Order.objects.latest("placed")
    provider(order, "F")
    yield Step("the first payment fails")
    provider(order, "C")
    yield Step("the second does not", (("purchase", "Hiking boots/41", 1), ("purchase", "Hiking boots/42", 2)))
    client.get("/")
    returned(order, "42", 1)
    yield Step("sends one back", (("refund", "Hiking boots/42", 1),))
    returned(order, "42", 2)
    yield Step("and the other", (("refund", "Hiking boots/42", 2),), (("refund", "Hiking boots/42", 1),))
    returned(order, "42", 0)
    yield Step("they were somebody else's", went=(("refund", "Hiking boots/42", 2),))
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    sync()
    yield Step("is cancelled whole", (("refund", "Hiking boots/41", 1), ("refund", "Hiking boots/42", 2)))
