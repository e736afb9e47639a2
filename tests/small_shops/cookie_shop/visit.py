from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

from django.test import Client

from tests.small_shops.cookie_shop.models import OrderItem, Product
from tests.small_shops.opening import Sold, Step


def names() -> dict[str, str]:
    return {str(product.pk): product.name for product in Product.objects.all()}


def sold() -> list[Sold]:
    return [(line.order_id, line.quantity, 0) for line in OrderItem.objects.filter(order__complete=True)]


def script(client: Client, **quantities: int) -> None:
    """What the shop's script does at a click: write the cookie and load the page again."""
    keys = {product.name: product.pk for product in Product.objects.all()}
    held = {str(keys[name]): {"quantity": quantity} for name, quantity in quantities.items()}
    client.cookies["cart"] = quote(json.dumps(held, separators=(",", ":")))
    client.get("/")


def fetch(client: Client, url: str, **data: object) -> None:
    client.post(url, data, content_type="application/json")


def visit(client: Client, sync: Callable[[], object]) -> Iterator[Step]:
    watch = Product.objects.get(name="Watch")
    script(client)
    yield Step("comes in")
    script(client, Headphones=1)
    yield Step("adds one", (("add_to_cart", "Headphones", 1),))
    script(client, Headphones=2)
    yield Step("adds one more", (("add_to_cart", "Headphones", 1),))
    script(client, Headphones=2, Shoes=3)
    yield Step("adds three of another", (("add_to_cart", "Shoes", 3),))
    script(client, Headphones=2, Shoes=1)
    yield Step("wants fewer", (("remove_from_cart", "Shoes", 2),))
    script(client, Headphones=2)
    yield Step("wants none", (("remove_from_cart", "Shoes", 1),))
    fetch(client, "/process_order/", name="Mia", email="mia@example.com", total=99.98)
    yield Step("orders as a guest", (("purchase", "Headphones", 2),))
    script(client)
    client.get("/cart/")
    yield Step("has an empty cart")
    script(client, Shoes=1)
    yield Step("adds for another time", (("add_to_cart", "Shoes", 1),))
    client.post("/login/", {"username": "member", "password": "pw"}, follow=True)
    yield Step("logs in, to a cart of its own", (("login", "", None),))
    for _ in range(2):
        fetch(client, "/update_item/", productId=watch.pk, action="add")
        client.get("/")
        yield Step("adds as a member", (("add_to_cart", "Watch", 1),))
    fetch(client, "/update_item/", productId=watch.pk, action="remove")
    yield Step("wants one less", (("remove_from_cart", "Watch", 1),))
    fetch(client, "/process_order/", total=1.0)
    client.get("/")
    yield Step("sends a wrong total, so nothing is sold")
    fetch(client, "/process_order/", total=259.0)
    client.get("/")
    yield Step("orders as a member", (("purchase", "Watch", 1),))
